//! What loses to another object, and is said at its line: the files in `conflicts/`, of one idea each.

use super::cli::{run, text};

#[test]
fn what_does_not_count_is_said_at_its_line() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/conflicts");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/testing/conflicts");
    let files = std::fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> =
        files.filter_map(|file| Some(file.ok()?.file_name().to_str()?.strip_suffix(".yaml")?.to_owned())).collect();
    names.sort();
    for name in names {
        let output = run(&["translate", &format!("src/testing/conflicts/{name}.yaml")]);
        let said = text(&output.stderr);
        let (said, _) = said.split_once("\nread ").unwrap_or((&said, ""));
        settings.bind(|| insta::assert_snapshot!(name.clone(), said));
    }
}
