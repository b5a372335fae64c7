//! A file of cases -> cases: tables and matrices become single requests.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One request, and what must come of it.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// Where the request comes from: `outside`, or `WORKLOAD.NAMESPACE`.
    pub from: String,
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// Headers.
    pub headers: BTreeMap<String, String>,
    /// Claims of a token that counts as verified.
    pub jwt: Option<serde_json::Map<String, Value>>,
    /// What must come of it.
    pub expect: Expect,
    /// What must not come of it: each of these is another.
    pub expect_not: Expect,
}

/// What must come of a request; what is not said may be anything.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Expect {
    /// The status.
    pub status: Option<u16>,
    /// How it ends: `forwarded`, `redirect`, `denied`, and so on.
    pub kind: Option<String>,
    /// Whether a policy refuses it.
    pub denied: Option<bool>,
    /// Response code details.
    pub details: Option<String>,
    /// A cluster that gets requests.
    pub cluster: Option<String>,
    /// The host of such a cluster; a short name is enough.
    pub host: Option<String>,
    /// The subset of such a cluster.
    pub subset: Option<String>,
    /// The port of such a cluster.
    pub port: Option<u16>,
    /// The share of requests by subset, or by host where there is no subset.
    pub share: Option<BTreeMap<String, Share>>,
    /// Where a redirect leads.
    pub redirect: Option<String>,
    /// Path and query as the application gets them.
    pub path: Option<String>,
    /// The host as the application gets it.
    pub authority: Option<String>,
    /// Headers that the routes set or add.
    pub headers: Option<BTreeMap<String, String>>,
    /// The virtual host.
    pub virtual_host: Option<String>,
    /// The route's name.
    pub route: Option<String>,
    /// The proxies on the way, in order: a Pod's name, or its beginning.
    pub via: Option<Vec<String>>,
}

/// A share: `0.8` or `80%`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Share {
    /// `0.8`
    Number(f64),
    /// `80%`
    Percent(String),
}

impl Share {
    /// Returns it as a part of one.
    pub fn part(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Percent(text) => text.trim().strip_suffix('%')?.trim().parse::<f64>().ok().map(|n| n / 100.0),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// What cases have that do not say otherwise.
    #[serde(default)]
    defaults: Written,
    cases: Vec<Written>,
}

/// A case as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Option<String>,
    from: Option<String>,
    /// `GET http://reviews:9080/reviews/1`
    request: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    jwt: Option<serde_json::Map<String, Value>>,
    expect: Option<Expect>,
    expect_not: Option<Expect>,
    /// Cases that differ from this one in what they say.
    #[serde(default)]
    table: Vec<Written>,
    /// The same for each host with each path.
    matrix: Option<Matrix>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Matrix {
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
}

/// `testCases` of getyourguide/istio-config-validator.
#[derive(Debug, Deserialize)]
struct ValidatorFile {
    #[serde(rename = "testCases")]
    cases: Vec<ValidatorCase>,
}

#[derive(Debug, Deserialize)]
struct ValidatorCase {
    #[serde(default)]
    description: String,
    #[serde(default, rename = "wantMatch")]
    want_match: bool,
    request: ValidatorRequest,
    #[serde(default)]
    route: Vec<ValidatorRoute>,
    redirect: Option<ValidatorTarget>,
    rewrite: Option<ValidatorTarget>,
}

#[derive(Debug, Deserialize)]
struct ValidatorRequest {
    #[serde(default)]
    authority: Vec<String>,
    #[serde(default)]
    method: Vec<String>,
    #[serde(default)]
    uri: Vec<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct ValidatorRoute {
    destination: ValidatorDestination,
}

#[derive(Debug, Deserialize)]
struct ValidatorDestination {
    #[serde(default)]
    host: String,
    subset: Option<String>,
    port: Option<ValidatorPort>,
}

#[derive(Debug, Deserialize)]
struct ValidatorPort {
    number: Option<u16>,
}

#[derive(Debug, Deserialize)]
struct ValidatorTarget {
    uri: Option<String>,
    authority: Option<String>,
}

/// Reads a file of cases, of meshc's own form or of istio-config-validator. The error says what is wrong with it.
pub fn cases(text: &str) -> Result<Vec<Case>, String> {
    let value: serde_yaml::Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    if value.get("testCases").is_some() {
        let file: ValidatorFile = serde_yaml::from_value(value).map_err(|error| error.to_string())?;
        return Ok(file.cases.iter().flat_map(of_validator).collect());
    }
    let file: File = serde_yaml::from_value(value).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    for (index, case) in file.cases.iter().enumerate() {
        let case = case.over(&file.defaults);
        let name = case.name.clone().unwrap_or_else(|| format!("case {}", index + 1));
        let rows: Vec<Written> =
            if case.table.is_empty() { vec![case] } else { case.table.iter().map(|row| row.over(&case)).collect() };
        let count = rows.len();
        for (row, written) in rows.into_iter().enumerate() {
            let own = written.name.clone().filter(|own| *own != name);
            let label = match own {
                Some(own) => format!("{name}: {own}"),
                None if count > 1 => format!("{name} [{}]", row + 1),
                None => name.clone(),
            };
            out.extend(written.cases(&label)?);
        }
    }
    Ok(out)
}

impl Written {
    /// Takes what is not said from another.
    fn over(&self, other: &Self) -> Self {
        let mut headers = other.headers.clone().unwrap_or_default();
        headers.extend(self.headers.clone().unwrap_or_default());
        Self {
            name: self.name.clone().or_else(|| other.name.clone()),
            from: self.from.clone().or_else(|| other.from.clone()),
            request: self.request.clone().or_else(|| other.request.clone()),
            headers: Some(headers),
            jwt: self.jwt.clone().or_else(|| other.jwt.clone()),
            expect: self.expect.clone().or_else(|| other.expect.clone()),
            expect_not: self.expect_not.clone().or_else(|| other.expect_not.clone()),
            table: self.table.clone(),
            matrix: self.matrix.clone().or_else(|| other.matrix.clone()),
        }
    }

    fn cases(&self, name: &str) -> Result<Vec<Case>, String> {
        let request = self.request.as_deref().ok_or_else(|| format!("{name}: it has no request"))?;
        let (method, url) = request.trim().split_once(' ').unwrap_or(("GET", request.trim()));
        let expect = self.expect.clone().unwrap_or_default();
        let expect_not = self.expect_not.clone().unwrap_or_default();
        if expect == Expect::default() && expect_not == Expect::default() {
            return Err(format!("{name}: it expects nothing"));
        }
        let case = Case {
            name: name.to_owned(),
            from: self.from.clone().unwrap_or_else(|| "outside".to_owned()),
            method: method.to_owned(),
            url: url.trim().to_owned(),
            headers: self.headers.clone().unwrap_or_default(),
            jwt: self.jwt.clone(),
            expect,
            expect_not,
        };
        let Some(Matrix { hosts, paths }) = &self.matrix else { return Ok(vec![case]) };
        let (scheme, rest) = case.url.split_once("://").unwrap_or(("http", &case.url));
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let or = |list: &Vec<String>, own: &str| if list.is_empty() { vec![own.to_owned()] } else { list.clone() };
        let mut out = Vec::new();
        for host in or(hosts, host) {
            for path in or(paths, path) {
                let url = format!("{scheme}://{host}{path}");
                out.push(Case { name: format!("{name}: {host}{path}"), url, ..case.clone() });
            }
        }
        Ok(out)
    }
}

fn of_validator(written: &ValidatorCase) -> Vec<Case> {
    let or = |list: &Vec<String>, default: &str| if list.is_empty() { vec![default.to_owned()] } else { list.clone() };
    let destination = written.route.first().map(|route| &route.destination);
    let wanted = Expect {
        host: destination.map(|d| d.host.clone()).filter(|host| !host.is_empty()),
        subset: destination.and_then(|d| d.subset.clone()),
        port: destination.and_then(|d| d.port.as_ref()?.number),
        redirect: written.redirect.as_ref().and_then(|target| target.uri.clone().or_else(|| target.authority.clone())),
        path: written.rewrite.as_ref().and_then(|target| target.uri.clone()),
        authority: written.rewrite.as_ref().and_then(|target| target.authority.clone()),
        ..Expect::default()
    };
    let (expect, expect_not) =
        if written.want_match { (wanted, Expect::default()) } else { (Expect::default(), wanted) };
    let mut out = Vec::new();
    for host in or(&written.request.authority, "localhost") {
        for method in or(&written.request.method, "GET") {
            for uri in or(&written.request.uri, "/") {
                out.push(Case {
                    name: format!("{}: {method} {host}{uri}", written.description),
                    from: "outside".to_owned(),
                    method: method.clone(),
                    url: format!("http://{host}{uri}"),
                    headers: written.request.headers.clone(),
                    jwt: None,
                    expect: expect.clone(),
                    expect_not: expect_not.clone(),
                });
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_matrices_become_cases() {
        let text = "
defaults: {from: a.b}
cases:
- name: one
  request: POST http://x/y
  table:
  - {headers: {k: v}, expect: {status: 200}}
  - {name: two, expect: {denied: true}}
- name: many
  request: http://x/
  matrix: {hosts: [p, q], paths: [/1, /2]}
  expect: {status: 404}
";
        let cases = cases(text).expect("cases");
        let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["one [1]", "one: two", "many: p/1", "many: p/2", "many: q/1", "many: q/2"]);
        assert_eq!((cases[0].method.as_str(), cases[0].from.as_str()), ("POST", "a.b"));
        assert_eq!(cases[5].url, "http://q/2");
    }

    #[test]
    fn files_of_the_validator_are_read() {
        let text = "
testCases:
- description: users
  wantMatch: true
  request: {authority: [a, b], method: [GET], uri: [/users, /users/]}
  route: [{destination: {host: users.users.svc.cluster.local, port: {number: 80}}}]
";
        let cases = cases(text).expect("cases");
        assert_eq!(cases.len(), 4);
        assert_eq!(cases[3].expect.host.as_deref(), Some("users.users.svc.cluster.local"));
    }

    #[test]
    fn a_case_that_expects_nothing_is_no_case() {
        assert!(cases("cases: [{request: 'GET http://x/'}]").is_err());
        assert!(cases("cases: [{request: 'GET http://x/', expect: {statu: 1}}]").is_err());
    }
}
