//! A file of cases -> cases: tables and matrices become single requests.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::case::{Case, Expect, Expected};
use super::{router_check, text_format, validator};

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

/// Reads a file of cases: of meshc's own form, of istio-config-validator (`testCases`), or of Envoy's router_check_tool (`tests`), as
/// YAML of one or several documents or as JSON; of router_check_tool in protobuf's text form too. The error says what is wrong with it.
pub fn cases(text: &str) -> Result<Vec<Case>, String> {
    let documents = match documents(text) {
        Err(_) if text_format::is_one(text) => vec![text_format::read(text)?],
        documents => documents?,
    };
    let mut out = Vec::new();
    for value in documents.into_iter().filter(|value| !value.is_null()) {
        out.extend(if value.get("testCases").is_some() {
            validator::read(&value)?
        } else if value.get("tests").is_some() || value.is_array() {
            router_check::read(&value)?
        } else {
            own(value)?
        });
    }
    if out.is_empty() { Err("it has no cases".to_owned()) } else { Ok(out) }
}

fn documents(text: &str) -> Result<Vec<Value>, String> {
    let document = |document: serde_yaml::Deserializer<'_>| {
        let value = serde_yaml::Value::deserialize(document).map_err(|error| error.to_string())?;
        serde_json::to_value(value).map_err(|error| error.to_string())
    };
    serde_yaml::Deserializer::from_str(text).map(document).collect()
}

/// Reads a document of meshc's own form.
fn own(value: Value) -> Result<Vec<Case>, String> {
    let file: File = serde_json::from_value(value).map_err(|error| error.to_string())?;
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
            headers: self.headers.clone().unwrap_or_default().into_iter().collect(),
            jwt: self.jwt.clone(),
            expected: Expected::Way { must: Box::new(expect), must_not: Box::new(expect_not) },
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
        assert_eq!(cases[3].url, "http://b/users/");
        assert!(matches!(cases[3].expected, Expected::Rule(_)));
    }

    #[test]
    fn a_case_that_expects_nothing_is_no_case() {
        assert!(cases("cases: [{request: 'GET http://x/'}]").is_err());
        assert!(cases("cases: [{request: 'GET http://x/', expect: {statu: 1}}]").is_err());
    }
}
