//! A line to the council that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
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
    left: Arc<AtomicUsize>,
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
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let (of_calls, to, carries) = (Arc::clone(&state), Arc::clone(&council), Arc::clone(&left));
        thread::spawn(move || {
            for call in listener.incoming().flatten() {
                let (state, left) = (Arc::clone(&of_calls), Arc::clone(&carries));
                let council = *to.lock().unwrap_or_else(PoisonError::into_inner);
                thread::spawn(move || carry(&call, council, &state, &left));
            }
        });
        Self { address, state, left, council }
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

    /// Carries so many bytes more, there and back together, and breaks every connection that would
    /// carry another one.
    pub fn breaks_after(&self, bytes: usize) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    /// How many bytes it carries until it breaks.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }

    /// Changes what the line does.
    pub fn set(&self, state: LineState) {
        self.state.store(state as u8, Ordering::SeqCst);
    }
}

fn carry(mut call: &TcpStream, council: SocketAddr, state: &AtomicU8, left: &AtomicUsize) {
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
    let Ok(far) = TcpStream::connect(council) else { return };
    thread::scope(|scope| {
        scope.spawn(|| {
            passes_on(call, &far, left, || false);
            let _no_more_is_asked = far.shutdown(Shutdown::Write);
        });
        passes_on(&far, call, left, || is(LineState::Cut) || is(LineState::AnswerLost));
        for end in [call, &far] {
            let _may_be_over = end.shutdown(Shutdown::Both);
        }
    });
}

/// Passes on what comes, until it ends, or the line is cut or has carried all that it may.
fn passes_on(mut from: &TcpStream, mut to: &TcpStream, left: &AtomicUsize, is_cut: impl Fn() -> bool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let before = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_sub(read)));
        let carried = read.min(before.unwrap_or_else(|left| left));
        if is_cut() || to.write_all(&buffer[..carried]).is_err() {
            return;
        }
        if carried < read {
            for end in [from, to] {
                let _may_be_over = end.shutdown(Shutdown::Both);
            }
            return;
        }
    }
}
