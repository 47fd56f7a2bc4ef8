//! A line to the council that can be cut.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What the line does with a connection from a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineState {
    /// Carries the request and the answer.
    Whole,
    /// Carries nothing, as without signal.
    Cut,
    /// Answers every request with status 200 and a sign-in page, as some public Wi-Fi does.
    CaptivePortal,
    /// Carries the request, but not the answer.
    AnswerLost,
}

/// A line to the council that can be cut.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    state: Arc<AtomicU8>,
    council: Arc<Mutex<SocketAddr>>,
}

impl Line {
    /// A line in the state [`LineState::Whole`] to the council at an address.
    #[must_use]
    pub fn to(council: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a line has a near end");
        let address = listener.local_addr().expect("a line has an address");
        let state = Arc::new(AtomicU8::new(LineState::Whole as u8));
        let council = Arc::new(Mutex::new(council));
        let (of_calls, to) = (Arc::clone(&state), Arc::clone(&council));
        thread::spawn(move || {
            for call in listener.incoming().flatten() {
                let state = Arc::clone(&of_calls);
                let council = *to.lock().unwrap_or_else(PoisonError::into_inner);
                thread::spawn(move || carry(call, council, &state));
            }
        });
        Self { address, state, council }
    }

    /// Leads to another process of the council, from the next connection on.
    pub fn leads_to(&self, council: SocketAddr) {
        *self.council.lock().unwrap_or_else(PoisonError::into_inner) = council;
    }

    /// The address that a phone connects to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what the line does.
    pub fn set(&self, state: LineState) {
        self.state.store(state as u8, Ordering::SeqCst);
    }
}

fn carry(mut call: TcpStream, council: SocketAddr, state: &AtomicU8) {
    let is = |wanted: LineState| state.load(Ordering::SeqCst) == wanted as u8;
    if is(LineState::Cut) {
        return;
    }
    if is(LineState::CaptivePortal) {
        let mut ignored = [0; 1024];
        let _whatever_it_says = call.read(&mut ignored);
        let page = "<html><title>Free Wi-Fi</title>Sign in to go on</html>";
        let _gone =
            write!(call, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        return;
    }
    let Ok(mut far) = TcpStream::connect(council) else { return };
    let (Ok(mut near_in), Ok(mut far_out)) = (call.try_clone(), far.try_clone()) else { return };
    let forth = thread::spawn(move || {
        let _ended = std::io::copy(&mut near_in, &mut far_out);
    });
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = far.read(&mut buffer) {
        if is(LineState::Cut) || is(LineState::AnswerLost) {
            let _cut = call.shutdown(std::net::Shutdown::Both);
            let _cut = far.shutdown(std::net::Shutdown::Both);
            break;
        }
        if call.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _cut = call.shutdown(std::net::Shutdown::Both);
    let _ended = forth.join();
}
