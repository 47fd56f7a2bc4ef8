//! The bodies of requests that come in, or are worked on. Who sends them has proved nothing yet, or
//! has proved who they are and sends more than anybody needs: so all bodies together have a bound.
//! Where there is no room for more, a large one of which nothing comes any more gives way. While
//! all of them still come, the rest of another large one is not read.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::task::AtomicWaker;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// How many bytes all bodies have room for. A table has a place of its own.
const ROOM: usize = 24 * 1024 * 1024;

/// How many bytes there is room for beyond that: for small bodies, and what was read meanwhile.
const SPARE: usize = 16 * 1024 * 1024;

/// How long nothing comes of a body before it gives way to one that waits. So whoever begins again
/// and again is read no faster than that.
const STALE: Duration = Duration::from_secs(1);

/// How long a body waits before it is looked again whether there is room.
const WAIT: Duration = Duration::from_millis(50);

/// What a piece of a body takes besides its bytes.
const AROUND_A_PIECE: usize = 64;

/// From which sizes on a body is the first to give way, and the second. Smaller ones wait for
/// nothing and are the last: phones pad what they send to 32 KiB, or to 64 after a few visits.
const LARGE: [usize; 2] = [256 * 1024, 80 * 1024];

/// Over how long it is counted what comes of a body.
const WINDOW: Duration = Duration::from_secs(5);

/// The bodies of all requests.
#[derive(Clone, Default)]
pub(super) struct Bodies(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    bytes: usize,
    next: u64,
    bodies: BTreeMap<u64, One>,
}

struct One {
    bytes: usize,
    /// What came in the window that began then, and in the one before it.
    window: (Instant, usize, usize),
    /// When something of it came last.
    came: Instant,
    /// Whether all of it is here, and it is worked on.
    is_whole: bool,
    signal: Arc<Signal>,
}

#[derive(Default)]
struct Signal {
    gives_way: AtomicBool,
    waker: AtomicWaker,
}

impl One {
    fn takes(&mut self, bytes: usize, now: Instant) {
        let (began, before, comes) = self.window;
        self.window = match now.saturating_duration_since(began) {
            since if since < WINDOW => (began, before, comes + bytes),
            since if since < 2 * WINDOW => (now, comes, bytes),
            _ => (now, 0, bytes),
        };
        self.bytes += bytes;
        self.came = now;
    }

    /// How much of it came lately.
    fn lately(&self, now: Instant) -> usize {
        let (began, before, comes) = self.window;
        match now.saturating_duration_since(began) {
            since if since < WINDOW => before + comes,
            since if since < 2 * WINDOW => comes,
            _ => 0,
        }
    }
}

impl Held {
    /// The body that gives way; `None` if all of them are whole.
    fn slowest(&self, now: Instant) -> Option<u64> {
        let coming = || self.bodies.iter().filter(|(_, one)| !one.is_whole && one.bytes > 0);
        let slowest = |least: usize| {
            let large = coming().filter(|(_, one)| one.bytes >= least);
            large.min_by_key(|(_, one)| (one.lately(now), Reverse(one.bytes))).map(|(number, _)| *number)
        };
        LARGE.into_iter().chain([0]).find_map(slowest)
    }

    fn leaves(&mut self, number: u64) -> Option<One> {
        let one = self.bodies.remove(&number)?;
        self.bytes = self.bytes.saturating_sub(one.bytes);
        Some(one)
    }

    /// Lets a body give way. `false` if it is there no more.
    fn gives_way(&mut self, number: u64) -> bool {
        let Some(gone) = self.leaves(number) else { return false };
        gone.signal.gives_way.store(true, Ordering::Release);
        gone.signal.waker.wake();
        true
    }
}

impl Bodies {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A body begins.
    fn begins(&self) -> Room {
        let mut held = self.held();
        held.next += 1;
        let (number, signal) = (held.next, Arc::<Signal>::default());
        let now = Instant::now();
        let one = One { bytes: 0, window: (now, 0, 0), came: now, is_whole: false, signal: Arc::clone(&signal) };
        held.bodies.insert(number, one);
        Room { number, signal, bodies: self.clone() }
    }
}

/// What one body takes, until its request was answered.
struct Room {
    number: u64,
    signal: Arc<Signal>,
    bodies: Bodies,
}

impl Room {
    /// Whether more of it can be read now. A large body waits while there is no room, until another
    /// gives way of which nothing comes.
    fn may_read(&self, now: Instant) -> bool {
        let mut held = self.bodies.held();
        let is_small = held.bodies.get(&self.number).is_none_or(|one| one.bytes < LARGE[1]);
        if is_small || held.bytes < ROOM {
            return true;
        }
        let others = held
            .bodies
            .iter()
            .filter(|(number, one)| **number != self.number && !one.is_whole && one.bytes >= LARGE[1]);
        let silent_longest = others.min_by_key(|(_, one)| (one.came, Reverse(one.bytes)));
        let is_stale = |one: &One| now.saturating_duration_since(one.came) > STALE;
        let stale = silent_longest.filter(|(_, one)| is_stale(one)).map(|(number, _)| *number);
        stale.is_some_and(|number| held.gives_way(number))
    }

    /// Takes room for more of it. `false` if there is none, and this body gives way.
    fn takes(&self, bytes: usize, now: Instant) -> bool {
        let mut held = self.bodies.held();
        let Some(one) = held.bodies.get_mut(&self.number) else { return false };
        one.takes(bytes, now);
        held.bytes += bytes;
        while held.bytes > ROOM + SPARE {
            let number = held.slowest(now).unwrap_or(self.number);
            if !held.gives_way(number) {
                return false;
            }
        }
        held.bodies.contains_key(&self.number)
    }

    fn is_whole(&self) {
        if let Some(one) = self.bodies.held().bodies.get_mut(&self.number) {
            one.is_whole = true;
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.bodies.held().leaves(self.number);
    }
}

/// A body that has its room.
struct Bounded {
    body: Body,
    room: Arc<Room>,
    /// Until when it waits for room.
    waits: Option<Pin<Box<Sleep>>>,
}

fn no_room() -> axum::Error {
    axum::Error::new("there is no room for more of this body")
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.room.signal.waker.register(context.waker());
        if self.room.signal.gives_way.load(Ordering::Acquire) {
            return Poll::Ready(Some(Err(no_room())));
        }
        // Whoever has sent all of it waits no more.
        while !self.body.is_end_stream() {
            if let Some(waits) = &mut self.waits {
                ready!(waits.as_mut().poll(context));
                self.waits = None;
            }
            if self.room.may_read(Instant::now()) {
                break;
            }
            self.waits = Some(Box::pin(sleep(WAIT)));
        }
        let came = ready!(Pin::new(&mut self.body).poll_frame(context));
        let bytes = came.as_ref().and_then(|came| came.as_ref().ok()).and_then(Frame::data_ref).map(Bytes::len);
        match bytes {
            Some(bytes) if !self.room.takes(bytes + AROUND_A_PIECE, Instant::now()) => {
                return Poll::Ready(Some(Err(no_room())));
            }
            _ if came.is_none() || self.body.is_end_stream() => self.room.is_whole(),
            _ => {}
        }
        Poll::Ready(came)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Gives the body of a request its room until the request was answered.
pub(super) async fn in_bounds(State(bodies): State<Bodies>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let room = Arc::new(bodies.begins());
    let request = request.map(|body| Body::new(Bounded { body, room: Arc::clone(&room), waits: None }));
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    #[test]
    fn what_is_held_back_gives_way_and_what_is_small_or_still_comes_does_not() {
        let bodies = Bodies::default();
        let begin = Instant::now();
        let silent: Vec<Room> = (0..12).map(|_| bodies.begins()).collect();
        assert!(silent.iter().all(|one| one.takes(2 * MIB, begin)));
        let gone = || silent.iter().filter(|one| one.signal.gives_way.load(Ordering::Relaxed)).count();
        let small = bodies.begins();
        assert!((0..2).all(|_| small.may_read(begin) && small.takes(32 * 1024 + AROUND_A_PIECE, begin)));
        assert!(small.may_read(begin), "as much as a phone sends after a few visits");
        let slow = bodies.begins();
        assert!(slow.may_read(begin) && slow.takes(MIB, begin), "it begins like a small one");
        assert!(!slow.may_read(begin), "the others may still come");
        assert_eq!(gone(), 0);
        let later = begin + 2 * STALE;
        assert!(slow.may_read(later) && slow.takes(MIB, later), "one of those that are silent has given way");
        assert_eq!(gone(), 1);
        assert!(!small.signal.gives_way.load(Ordering::Relaxed));
        drop((silent, small, slow));
        let held = bodies.held();
        assert_eq!((held.bytes, held.bodies.len()), (0, 0), "an answered request holds nothing");
    }

    #[test]
    fn what_is_worked_on_is_left_alone_and_a_new_one_is_told_to_come_later() {
        let bodies = Bodies::default();
        let now = Instant::now();
        let whole: Vec<Room> = (0..20).map(|_| bodies.begins()).collect();
        assert!(whole.iter().all(|one| one.takes(2 * MIB, now)));
        whole.iter().for_each(Room::is_whole);
        let newer = bodies.begins();
        assert!(!newer.takes(1024, now));
        assert!(whole.iter().all(|one| !one.signal.gives_way.load(Ordering::Relaxed)));
        drop(whole);
        assert!(bodies.begins().takes(1024, now));
    }
}
