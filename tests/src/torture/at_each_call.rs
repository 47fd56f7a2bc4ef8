//! A run of a real program that is broken off at each of its calls.

use strum::IntoEnumIterator as _;

use super::strace::{Ended, Fault, Point, Tracer, Trouble};
use super::{Job, Settings, Tally};
use crate::simulation::Chance;

/// What a program does, and what must hold afterwards.
pub(super) trait Run: Send {
    /// Makes everything ready for one more run.
    fn prepare(&mut self);

    /// Runs it under the tracer.
    fn run(&mut self, tracer: &Tracer) -> Ended;

    /// Calls with which its threads wake each other, too, so that no disk can fail them.
    fn wakes_with(&self) -> &'static [&'static str] {
        &[]
    }

    /// With the trouble over, says what was lost, doubled or stuck. What the program said was done
    /// must be there; what it did not may be, and never in part.
    ///
    /// # Errors
    /// What is wrong, in words.
    fn check(&mut self, ended: &Ended) -> Result<(), String>;
}

/// Breaks a [`Run`] off at each of its calls.
pub(super) struct AtEachCall<R> {
    run: R,
    faults: std::vec::IntoIter<Fault>,
}

impl<R: Run> AtEachCall<R> {
    /// Runs it once without trouble, to know its calls.
    pub(super) fn of(mut run: R, settings: &Settings) -> Box<dyn Job>
    where
        R: 'static,
    {
        run.prepare();
        let tracer = Tracer::counts();
        let ended = run.run(&tracer);
        assert!(ended.done, "it fails without any trouble: {}", ended.said);
        run.check(&ended).unwrap_or_else(|wrong| panic!("it is wrong without any trouble: {wrong}"));
        let troubles: Vec<Trouble> = Trouble::iter().collect();
        let points = chosen(tracer.points(), settings);
        let mut faults = Fault::all(&points, &troubles);
        faults.retain(|fault| fault.trouble() == Trouble::Killed || !run.wakes_with().contains(&fault.call()));
        Box::new(Self { run, faults: faults.into_iter() })
    }
}

/// The first calls, and as many of the others by seed.
fn chosen(mut points: Vec<Point>, settings: &Settings) -> Vec<Point> {
    let chance = Chance::new(settings.seed);
    let mut others = points.split_off(points.len().min(settings.calls));
    while !others.is_empty() && points.len() < 2 * settings.calls {
        points.push(others.swap_remove(chance.below(others.len())));
    }
    points
}

impl<R: Run> Job for AtEachCall<R> {
    fn goes_on(&mut self, tally: &mut Tally) -> bool {
        if tally.tried == 0 {
            tally.faults = self.faults.len();
        }
        let Some(fault) = self.faults.next() else { return false };
        self.run.prepare();
        let tracer = Tracer::makes(&fault);
        let ended = self.run.run(&tracer);
        let happened = tracer.has_happened();
        tally.tried += 1;
        tally.happened += usize::from(happened);
        tally.killed += usize::from(happened && fault.trouble() == Trouble::Killed);
        let checked = if ended.hangs { Err("it hangs".to_owned()) } else { self.run.check(&ended) };
        if let Err(wrong) = checked {
            tally.broken.push(format!("{fault}: {wrong} (it said: {})", ended.said.trim()));
        }
        self.faults.len() > 0
    }
}
