//! Counts only.

use super::super::Report;
use super::{counted, group_title, headline, names};
use crate::visible::padded;

/// Prints how many resources of which kind differ, a line for each group of proxies.
pub fn stat(report: &Report) -> String {
    let mut rows: Vec<(String, String)> = Vec::new();
    for group in &report.groups {
        rows.push((format!("{} ({})", group_title(group), names(&group.proxies)), counted(&group.counts())));
    }
    let width = rows.iter().map(|(title, _)| title.chars().count()).max().unwrap_or_default();
    let mut out = String::new();
    for (title, counts) in rows {
        out.push_str(&format!("{}  {counts}", padded(&title, width)).trim_end().replace('\n', " "));
        out.push('\n');
    }
    out.push_str(&headline(report));
    out.push('\n');
    out
}
