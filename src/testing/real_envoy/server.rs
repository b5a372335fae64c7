//! An application: answers each request with its own name and what it was asked; 403 to one with a header `x-refuse`.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

/// Starts one at this address (port 0: any) and returns its port. It ends with the process.
pub(crate) fn start(name: &str, address: (&str, u16)) -> Result<u16, String> {
    let listener = TcpListener::bind(address).map_err(|e| format!("{address:?}: {e}"))?;
    let port = listener.local_addr().map_err(|e| e.to_string())?.port();
    let name = name.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let name = name.clone();
            // A client that goes away is no matter of ours.
            std::thread::spawn(move || drop(answer(&name, &stream)));
        }
    });
    Ok(port)
}

fn answer(name: &str, mut stream: &TcpStream) -> std::io::Result<()> {
    let mut head = String::new();
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        head.push_str(&line.to_ascii_lowercase());
        head.push('\n');
    }
    let body = format!("{name}\n{head}");
    let status = if body.contains("\nx-refuse:") { "403 Forbidden" } else { "200 OK" };
    write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}
