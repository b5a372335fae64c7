//! What meshc says of the cases; what Envoy says of them, the test with a real Envoy asks.

mod case;

use meshc::rejection::{self, Checked};

#[test]
fn cases() {
    let cases = case::all();
    assert!(cases.len() > 500, "the files have cases");
    let mut wrong = Vec::new();
    for (what, case) in &cases {
        let Checked { rejections, references } = rejection::check(&case::resource(what, &case.with));
        let first = rejections.first().map(|r| (&r.path, &r.message));
        let first = first.or(references.first().map(|r| (&r.path, &r.message)));
        let said = first.map(|(path, message)| format!("{path}: {message}"));
        if said != case.rejected {
            wrong.push(format!("{what} {}: {said:?} instead of {:?}", case.with, case.rejected));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
