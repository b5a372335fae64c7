//! As a page that holds the picture and nothing else.

use super::{Graph, escape, svg};

/// Writes a page; it may load and run nothing.
pub fn html(graph: &Graph) -> String {
    let (title, picture) = (escape(&graph.title), svg(graph));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'\">\n<title>{title}</title>\n</head>\n<body>\n{picture}</body>\n</html>\n"
    )
}
