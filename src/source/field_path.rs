//! A path to a field of a resource: `spec.http[0].route[1].weight`, `metadata.annotations["istio.io/rev"]`.

use std::fmt;

/// The way from a document's root to one of its values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FieldPath(pub Vec<Step>);

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into a map, by key.
    Key(String),
    /// Into a list, by position from zero.
    Index(usize),
}

impl FieldPath {
    /// Reads a path as [`fmt::Display`] writes it. Total: what makes no sense becomes a key that nothing has.
    pub fn parse(text: &str) -> Self {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                if let Some(quoted) = inner.strip_prefix('"') {
                    let (key, after) = quoted.split_once("\"]").unwrap_or((quoted, ""));
                    steps.push(Step::Key(key.to_owned()));
                    rest = after;
                } else {
                    let (index, after) = inner.split_once(']').unwrap_or((inner, ""));
                    steps.push(index.parse().map_or_else(|_| Step::Key(index.to_owned()), Step::Index));
                    rest = after;
                }
            } else {
                rest = rest.strip_prefix('.').unwrap_or(rest);
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (key, after) = rest.split_at(end);
                if !key.is_empty() {
                    steps.push(Step::Key(key.to_owned()));
                }
                rest = after;
            }
        }
        Self(steps)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if key.is_empty() || key.contains(['.', '[', ']', '"', '/']) => {
                    write!(f, "[\"{key}\"]")?;
                }
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_it_is_written() {
        for text in ["", "spec", "spec.http[0].route[1].weight", "metadata.labels[\"a.b/c\"]", "[2][3].x", "[\"\"]"] {
            assert_eq!(FieldPath::parse(text).to_string(), text);
        }
        assert_eq!(FieldPath::parse("a[1].b").0, [Step::Key("a".into()), Step::Index(1), Step::Key("b".into())]);
    }

    #[test]
    fn nonsense_is_a_path_too() {
        for text in ["[", "]", "a[", "a[x].b", "..", "a..b", "[\"", ".[", "[\"a"] {
            let _ = FieldPath::parse(text).to_string();
        }
    }
}
