//! `meshc completions`, `meshc man`, `meshc explain-rule`

use std::io::{self, Write};

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::Args;
use super::{Outcome, is_closed_pipe};
use crate::lint::{Rule, page, rules};

/// What `meshc` alone prints.
const SHORT: &str = "\
Translate Istio and Kubernetes manifests to Envoy configuration, without a cluster.

Start with:
  meshc proxies ./manifests                        list the proxies
  meshc show ./manifests --proxy NAME.NAMESPACE    show what a proxy is served
  meshc lint ./manifests                           find mistakes

Run `meshc --help` for all commands, `meshc COMMAND --help` for one.
";

/// Writes the short help.
pub(super) fn short() -> anyhow::Result<Outcome> {
    print(SHORT.as_bytes())
}

/// Writes a shell's completion script.
pub(super) fn completions(shell: Shell) -> anyhow::Result<Outcome> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "meshc", &mut out);
    print(&out)
}

/// Writes a manual page.
pub(super) fn man(command: Option<&str>) -> anyhow::Result<Outcome> {
    let mut root = Args::command();
    root.build();
    let page = match command {
        None => root,
        Some(name) => {
            let found = root.find_subcommand(name).cloned();
            let found = found.ok_or_else(|| anyhow::anyhow!("no command named `{name}`"))?;
            found.display_name(format!("meshc-{name}"))
        }
    };
    let mut out = Vec::new();
    clap_mangen::Man::new(page).render(&mut out)?;
    print(&out)
}

/// Writes what there is to say of a rule of `lint`, or the list of them.
pub(super) fn explain_rule(name: Option<&str>) -> anyhow::Result<Outcome> {
    let text = match name {
        None => {
            let line = |rule: &&Rule| format!("{:<9} {:<8} {}", rule.code, rule.level.as_str(), rule.summary);
            rules::ALL.iter().map(line).collect::<Vec<_>>().join("\n") + "\n"
        }
        Some(name) => {
            let rule = page::find(name)
                .ok_or_else(|| anyhow::anyhow!("no rule named `{name}`; `meshc explain-rule` lists all rules"))?;
            page::explain(rule)
        }
    };
    print(text.as_bytes())
}

fn print(text: &[u8]) -> anyhow::Result<Outcome> {
    match io::stdout().lock().write_all(text).map_err(anyhow::Error::from) {
        Err(error) if !is_closed_pipe(&error) => Err(error),
        _ => Ok(Outcome::Fine),
    }
}
