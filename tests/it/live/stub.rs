//! A small server that answers as AWS does, or as badly as a test asks.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// One request, as far as the stub looks.
pub(super) struct Asked {
    /// `GetRole`.
    pub(super) operation: String,
    /// The form of IAM and STS, or the JSON of KMS.
    pub(super) body: String,
    /// How often this operation was asked before.
    pub(super) before: usize,
}

/// What the server does.
pub(super) enum Reply {
    /// HTTP 200 with the result's XML, which is wrapped as IAM wraps it.
    Xml(String),
    /// HTTP 200 with JSON.
    Json(String),
    /// An error of KMS, which is JSON, or of IAM, which is XML, with its HTTP status.
    Error(u16, &'static str, &'static str),
    /// HTTP 500 with a page of HTML.
    Html,
    /// The beginning of an answer of IAM, with the length that it has.
    Broken(&'static str),
    /// Half an answer, then the connection is gone.
    Cut,
    /// The answer, but late.
    Slow(Duration, Box<Reply>),
}

type Handler = dyn Fn(&Asked) -> Reply + Send + Sync;

/// A running stub; it ends with the test's process.
pub(super) struct Stub {
    /// `http://127.0.0.1:PORT`.
    pub(super) address: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    operations: Mutex<Vec<String>>,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

impl Stub {
    pub(super) fn start(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let (handler, noted): (Arc<Handler>, _) = (Arc::new(handler), Arc::clone(&seen));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (handler, seen) = (Arc::clone(&handler), Arc::clone(&noted));
                thread::spawn(move || serve(&stream, &*handler, &seen));
            }
        });
        Self { address, seen }
    }

    /// The names of the operations that were asked, each as often as it was.
    pub(super) fn operations(&self) -> Vec<String> {
        self.seen.operations.lock().unwrap().clone()
    }

    /// How many requests were under way at once, at most.
    pub(super) fn most_at_once(&self) -> usize {
        self.seen.most.load(Ordering::SeqCst)
    }
}

fn serve(stream: &TcpStream, handler: &Handler, seen: &Seen) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream);
    while let Some((operation, body, is_kms)) = request(&mut reader) {
        let before = {
            let mut operations = seen.operations.lock().unwrap();
            let before = operations.iter().filter(|other| **other == operation).count();
            operations.push(operation.clone());
            before
        };
        let now = seen.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most.fetch_max(now, Ordering::SeqCst);
        let reply = handler(&Asked { operation: operation.clone(), body, before });
        let goes_on = answer(stream, &operation, is_kms, reply, seen);
        if !goes_on {
            break;
        }
    }
}

fn request(reader: &mut BufReader<&TcpStream>) -> Option<(String, String, bool)> {
    let (mut length, mut target) = (0, None);
    let mut first = true;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() && !first {
            break;
        }
        first = false;
        if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok()?,
                "x-amz-target" => target = value.trim().split_once('.').map(|(_, operation)| operation.to_owned()),
                _ => {}
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    let is_kms = target.is_some();
    let named = || body.split('&').find_map(|pair| pair.strip_prefix("Action=")).map(str::to_owned);
    let operation = target.or_else(named)?;
    Some((operation, body, is_kms))
}

fn answer(mut stream: &TcpStream, operation: &str, is_kms: bool, reply: Reply, seen: &Seen) -> bool {
    const SAID: &str = "the stub says so";
    let (status, kind, body, is_cut) = match reply {
        Reply::Slow(pause, reply) => {
            thread::sleep(pause);
            return answer(stream, operation, is_kms, *reply, seen);
        }
        Reply::Xml(result) => {
            let body = format!(
                "<{operation}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><{operation}Result>{result}\
                 </{operation}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{operation}Response>"
            );
            (200, "text/xml", body, false)
        }
        Reply::Json(body) => (200, "application/x-amz-json-1.1", body, false),
        Reply::Error(status, code, header) if is_kms => {
            let body = format!("{{\"__type\":\"{code}\",\"message\":\"{SAID}\"}}");
            return finish(stream, status, &format!("application/x-amz-json-1.1{header}"), &body, seen);
        }
        Reply::Error(status, code, header) => {
            let body = format!(
                "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
                 <Code>{code}</Code><Message>{SAID}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
            );
            return finish(stream, status, &format!("text/xml{header}"), &body, seen);
        }
        Reply::Html => (500, "text/html", "<html><body>Internal Server Error</body></html>".to_owned(), false),
        Reply::Broken(body) => (200, "text/xml", body.to_owned(), false),
        Reply::Cut => (200, "text/xml", "<GetRoleResponse".to_owned(), true),
    };
    if is_cut {
        seen.under_way.fetch_sub(1, Ordering::SeqCst);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: 9999\r\n\r\n{body}");
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Both);
        return false;
    }
    finish(stream, status, kind, &body, seen)
}

fn finish(mut stream: &TcpStream, status: u16, kind: &str, body: &str, seen: &Seen) -> bool {
    // Before the client can know that the answer is there.
    seen.under_way.fetch_sub(1, Ordering::SeqCst);
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(head.as_bytes()).is_ok()
}
