"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const SHOWN = 200; // entries of a list; of more there is a count
  const el = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "click") {
        made.addEventListener("click", value);
        if (tag === "a") {
          made.tabIndex = 0;
          made.addEventListener("keydown", (event) => { if (event.key === "Enter") value(event); });
        }
      } else {
        made.setAttribute(name, value);
      }
    }
    made.append(...children);
    return made;
  };

  // What each proxy is served, made when it is asked for.
  const served = (at) => {
    const proxy = data.proxies[at];
    if (!proxy.all) {
      const ids = new Set(proxy.base === at ? [] : served(proxy.base));
      for (const id of proxy.less) ids.delete(id);
      for (const id of proxy.more) ids.add(id);
      proxy.all = [...ids].sort((a, b) => a - b);
    }
    return proxy.all;
  };
  let holders;
  const holder = (resource) => {
    if (!holders) {
      holders = new Map();
      data.proxies.forEach((_, at) => {
        for (const id of served(at)) if (!holders.has(id)) holders.set(id, at);
      });
    }
    return holders.get(resource);
  };

  // Line of a file -> lines of resources that it makes.
  let affected;
  const affects = (file, line) => {
    if (!affected) {
      affected = new Map();
      data.resources.forEach((resource, id) => {
        for (const [number, sets, conditions] of resource.causes) {
          for (const place of [...sets, ...conditions]) {
            const key = data.places[place][0] + ":" + data.places[place][1];
            if (!affected.has(key)) affected.set(key, []);
            affected.get(key).push([id, number, place]);
          }
        }
      });
    }
    return affected.get(file + ":" + line) || [];
  };

  const title = el("h1", {}, data.title);
  const search = el("input", { id: "search", type: "search", placeholder: "Search names, fields and manifests", "aria-label": "Search" });
  const tabs = ["Proxies", "Manifests", "Findings", "Pictures"].map((name) =>
    el("button", { id: "tab-" + name.toLowerCase(), click: () => { search.value = ""; show(name); } }, name));
  const nav = el("nav", { id: "nav" });
  const left = el("section", { id: "envoy" });
  const right = el("section", { id: "yaml" });
  document.body.append(el("header", {}, title, ...tabs, search), nav, left, right);

  const list = (entries) => {
    nav.replaceChildren(...entries.slice(0, SHOWN).map((make) => make()));
    if (entries.length > SHOWN) nav.append(el("div", { class: "more" }, `${entries.length - SHOWN} more: search for them`));
    if (entries.length === 0) nav.append(el("div", { class: "more" }, "nothing"));
  };
  const entry = (text, note, click, look) => () => {
    const made = el("a", { class: look || "", click: () => {
      for (const other of nav.querySelectorAll("a.on")) other.classList.remove("on");
      made.classList.add("on");
      click();
    } }, text);
    if (note) made.append(el("small", {}, note));
    return made;
  };

  const show = (name) => {
    tabs.forEach((tab) => tab.classList.toggle("on", tab.textContent === name));
    left.classList.toggle("wide", name === "Pictures");
    if (name === "Pictures") right.remove(); else document.body.append(right);
    if (name === "Proxies") {
      list(data.proxies.map((proxy, at) => entry(proxy.name, `${proxy.kind}, ${served(at).length} resources`, () => openProxy(at))));
    } else if (name === "Manifests") {
      list(data.files.map((file, at) => entry(file.path, "", () => openFile(at))));
    } else if (name === "Findings") {
      list(data.findings.map(found));
    } else {
      list(data.hosts.map((host, at) => [host, at]).filter(([, at]) => data.pictures[at])
        .map(([host, at]) => entry(host, "", () => openPicture(at))));
    }
  };
  const found = (finding) => entry(`${finding.code} ${finding.message}`, `${finding.resource} ${finding.file}:${finding.line}`, () => {
    const file = data.files.findIndex((file) => file.path === finding.file);
    if (file >= 0) openFile(file, finding.line, [finding.help || finding.message]);
  }, finding.level);

  const openProxy = (at) => {
    const kinds = new Map();
    for (const id of served(at)) {
      const kind = data.resources[id].kind;
      if (!kinds.has(kind)) kinds.set(kind, []);
      kinds.get(kind).push(id);
    }
    const lines = el("div", { id: "resources" });
    for (const [kind, ids] of kinds) {
      lines.append(el("h2", {}, `${kind} (${ids.length})`));
      for (const id of ids.slice(0, SHOWN)) {
        lines.append(el("a", { class: "resource", click: () => openResource(id, at) }, data.resources[id].name || kind));
      }
      if (ids.length > SHOWN) lines.append(el("div", { class: "more" }, `${ids.length - SHOWN} more: search for them`));
    }
    left.replaceChildren(el("h2", {}, data.proxies[at].name), el("div", { class: "list" }, lines));
  };

  const lineOf = (number, text, has, click) => {
    const made = el("div", has ? { class: "line has", "data-n": number, click } : { class: "line", "data-n": number }, text);
    return made;
  };
  const mark = (pane, number) => {
    for (const other of pane.querySelectorAll(".line.on")) other.classList.remove("on");
    const line = pane.querySelector(`.line[data-n="${number}"]`);
    if (line) {
      line.classList.add("on");
      line.scrollIntoView({ block: "center" });
    }
  };

  const openResource = (id, proxy, line) => {
    const resource = data.resources[id];
    const at = proxy === undefined ? holder(id) : proxy;
    const causes = new Map(resource.causes.map(([number, sets, conditions]) => [number, [sets, conditions]]));
    const answers = el("div", { class: "answers", id: "causes" });
    const pane = el("div", { class: "lines" });
    resource.text.split("\n").forEach((text, number) => {
      const [sets, conditions] = causes.get(number) || [[], []];
      const places = [...sets, ...conditions];
      const made = lineOf(number + 1, text, places.length > 0, () => {
        mark(pane, number + 1);
        const answer = (place) => {
          const [file, line, object, path] = data.places[place];
          return el("a", { click: () => openFile(file, line) }, `${data.files[file].path}:${line} ${object} ${path}`);
        };
        answers.replaceChildren(
          ...(sets.length ? [el("div", { class: "more" }, "set by")] : []), ...sets.map(answer),
          ...(conditions.length ? [el("div", { class: "more" }, "there because of")] : []), ...conditions.map(answer));
        const [file, line] = data.places[places[0]];
        openFile(file, line);
      });
      if (sets.length) {
        const [file, line] = data.places[sets[0]];
        made.append(el("span", { class: "by" }, `# ${data.files[file].path.split("/").pop()}:${line}`));
      }
      pane.append(made);
    });
    const name = el("h2", { id: "resource" }, `${resource.kind}[${resource.name}]`);
    const of = at === undefined ? [] : [el("h2", {}, el("a", { click: () => openProxy(at) }, data.proxies[at].name))];
    left.replaceChildren(...of, name, pane, answers);
    if (line !== undefined) mark(pane, line + 1);
  };

  const openFile = (at, line, notes) => {
    const file = data.files[at];
    const answers = el("div", { class: "answers", id: "effects" });
    const pane = el("div", { class: "lines" });
    file.text.replace(/\n$/, "").split("\n").forEach((text, number) => {
      const effects = affects(at, number + 1);
      pane.append(lineOf(number + 1, text, effects.length > 0, () => {
        mark(pane, number + 1);
        tell(effects);
        openResource(effects[0][0], undefined, effects[0][1]);
      }));
    });
    const tell = (effects) => {
      const all = effects.slice(0, SHOWN).map(([id, number]) => {
        const resource = data.resources[id];
        const text = resource.text.split("\n")[number].trim();
        return el("a", { click: () => openResource(id, undefined, number) }, `${resource.kind}[${resource.name}] ${text}`);
      });
      answers.replaceChildren(el("div", { class: "more" }, `changes ${effects.length} lines`), ...all);
    };
    right.replaceChildren(el("h2", { id: "file" }, file.path), pane, answers);
    if (line !== undefined) {
      mark(pane, line);
      tell(affects(at, line));
    }
    if (notes) answers.prepend(...notes.map((note) => el("div", { class: "more" }, note)));
  };

  const openPicture = (at) => {
    const parsed = new DOMParser().parseFromString(data.pictures[at], "image/svg+xml").documentElement;
    left.replaceChildren(el("h2", {}, data.hosts[at]), el("div", { class: "picture" }, document.importNode(parsed, true)));
  };

  let waiting;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, 120);
  });
  const find = () => {
    const wanted = search.value.trim().toLowerCase();
    if (!wanted) return show("Proxies");
    tabs.forEach((tab) => tab.classList.remove("on"));
    const has = (text) => text.toLowerCase().includes(wanted);
    const out = [];
    data.proxies.forEach((proxy, at) => { if (has(proxy.name)) out.push(entry(proxy.name, "proxy", () => openProxy(at))); });
    data.resources.forEach((resource, id) => {
      if (has(`${resource.kind}[${resource.name}]`)) {
        out.push(entry(`${resource.kind}[${resource.name}]`, "resource", () => openResource(id)));
      }
    });
    data.findings.forEach((finding) => { if (has(finding.code + finding.message + finding.resource)) out.push(found(finding)); });
    data.files.forEach((file, at) => {
      if (has(file.path)) out.push(entry(file.path, "file", () => openFile(at)));
      if (out.length < SHOWN && has(file.text)) {
        file.text.split("\n").forEach((text, number) => {
          if (has(text)) out.push(entry(text.trim(), `${file.path}:${number + 1}`, () => openFile(at, number + 1)));
        });
      }
    });
    for (let id = 0; id < data.resources.length && out.length < SHOWN; id += 1) {
      const resource = data.resources[id];
      if (!has(resource.text)) continue;
      resource.text.split("\n").forEach((text, number) => {
        if (has(text)) out.push(entry(text.trim(), `${resource.kind}[${resource.name}]`, () => openResource(id, undefined, number)));
      });
    }
    list(out);
  };

  show("Proxies");
  if (data.proxies.length > 0) openProxy(0);
  if (data.files.length > 0) openFile(0);
})();
