//! Columns, as Go's `tabwriter` aligns them.

use std::borrow::Cow;

use crate::visible::{padded, visible};

/// Returns lines whose cells begin at the same places, `padding` blanks after the longest of a column. The last column is as it is.
pub(super) fn render(rows: &[Vec<String>], padding: usize) -> String {
    let rows: Vec<Vec<Cow<'_, str>>> = rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0) + padding).collect();
    let mut out = String::new();
    for row in &rows {
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if index + 1 == row.len() {
                out.push_str(cell);
            } else {
                out.push_str(&padded(cell, *width));
            }
        }
        out.push('\n');
    }
    out
}

/// Returns a row; `place` is a last cell, where there are places at all.
pub(super) fn row<const N: usize>(cells: [&str; N], place: Option<String>) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).chain(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_aligned_and_the_last_is_not_padded() {
        let rows = [row(["NAME", "PORT"], None), row(["details", "9080"], None)];
        assert_eq!(render(&rows, 2), "NAME     PORT\ndetails  9080\n");
        let rows = [row(["A"], Some("PLACE".to_owned())), row([""], Some("-".to_owned()))];
        assert_eq!(render(&rows, 1), "A PLACE\n  -\n");
    }
}
