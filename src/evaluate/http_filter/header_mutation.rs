//! `envoy.filters.http.header_mutation`: changes headers of requests before the router does.

use crate::evaluate::http::Headers;
use crate::evaluate::http::headers::known_as;
use crate::evaluate::message::Message;

/// Changes to the headers of a request, in order.
#[derive(Debug)]
pub(in crate::evaluate) struct HttpHeaderMutation(Vec<Mutation>);

#[derive(Debug)]
enum Mutation {
    Remove(String),
    Set(String, String),
    Append(String, String),
    AddIfAbsent(String, String),
}

impl HttpHeaderMutation {
    /// Reads a configuration.
    pub(in crate::evaluate) fn new(config: Message<'_>) -> Self {
        let mutations = config.get("mutations");
        let list = mutations.into_iter().flat_map(|mutations| mutations.list("request_mutations"));
        Self(list.filter_map(mutation).collect())
    }

    /// Changes headers.
    pub(in crate::evaluate) fn apply(&self, headers: &mut Headers) {
        for mutation in &self.0 {
            match mutation {
                Mutation::Remove(name) => headers.remove(name),
                Mutation::Set(name, value) => headers.set(name.clone(), value.clone()),
                Mutation::AddIfAbsent(name, value) => {
                    if headers.get(name).is_none() {
                        headers.set(name.clone(), value.clone());
                    }
                }
                Mutation::Append(name, value) => headers.append(name.clone(), value.clone()),
            }
        }
    }
}

fn mutation(message: Message<'_>) -> Option<Mutation> {
    if let Some(name) = message.text("remove") {
        return Some(Mutation::Remove(known_as(name)));
    }
    let append = message.get("append")?;
    let header = append.get("header")?;
    let (name, value) = (known_as(header.text("key")?), header.text("value").unwrap_or_default().to_owned());
    Some(match append.text("append_action") {
        Some("ADD_IF_ABSENT") => Mutation::AddIfAbsent(name, value),
        Some("OVERWRITE_IF_EXISTS_OR_ADD" | "OVERWRITE_IF_EXISTS") => Mutation::Set(name, value),
        _ => Mutation::Append(name, value),
    })
}
