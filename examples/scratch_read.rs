use meshc::source::SourceFile;
fn main() {
    let mut total = 0;
    let each = std::env::args().nth(1).as_deref() == Some("each");
    let mut all = vec![];
    for arg in std::env::args().skip(if each { 2 } else { 1 }) {
        let mut files = vec![];
        for e in walkdir::WalkDir::new(&arg).sort_by_file_name() {
            let e = e.unwrap();
            if e.file_type().is_file()
                && matches!(e.path().extension().and_then(|x| x.to_str()), Some("yaml" | "yml" | "json"))
            {
                files.push(SourceFile::new(e.path().to_string_lossy(), std::fs::read(e.path()).unwrap()));
            }
        }
        if each {
            run(files);
        } else {
            all.extend(files);
        }
        total += 1;
    }
    if !each {
        run(all);
    }
    eprintln!("{total} inputs");
}
fn run(files: Vec<SourceFile>) {
    let bytes: usize = files.iter().map(|f| f.content.as_ref().map_or(0, Vec::len)).sum();
    let t = std::time::Instant::now();
    let (m, d) = meshc::ingest::ingest(files);
    let t1 = t.elapsed();
    let n = d.len();
    let d = d.finish(&m.sources, |r, p| m.locate(r, p));
    for x in d.iter().take(40) {
        let p = x.first_span().map(|s| {
            let q = m.sources.position(s);
            format!("{}:{}:{}", m.sources.path(s.source), q.line, q.column)
        });
        println!("{} {:?} {} {}", p.unwrap_or_default(), x.severity, x.code, x.message);
    }
    if std::env::var("T").is_ok() {
        eprintln!(
            "{} bytes {} docs {} diags in {:?} = {:.1} MB/s; ignored {:?}",
            bytes,
            m.document_count,
            n,
            t1,
            bytes as f64 / 1e6 / t1.as_secs_f64(),
            m.ignored
        );
    }
}
