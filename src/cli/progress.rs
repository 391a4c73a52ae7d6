//! How far a long run has come, on stderr.

use std::{
    io::{IsTerminal, stderr},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::screen;

/// A run that is shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
const PACE: Duration = Duration::from_millis(200);

/// Shows how many files are done, while it lives, on a terminal only.
pub(super) struct Progress {
    done: Arc<AtomicUsize>,
    ended: Arc<(Mutex<bool>, Condvar)>,
    watcher: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts to watch a run over so many files.
    pub(super) fn start(total: usize, quiet: bool) -> Self {
        let done = Arc::new(AtomicUsize::new(0));
        let ended = Arc::new((Mutex::new(false), Condvar::new()));
        let shows = stderr().is_terminal() && !quiet && total > 1;
        let watcher = shows.then(|| {
            let (done, ended) = (Arc::clone(&done), Arc::clone(&ended));
            thread::spawn(move || watch(&done, &ended, total))
        });
        Self { done, ended, watcher }
    }

    /// One file more is done.
    pub(super) fn tick(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Ok(mut ended) = self.ended.0.lock() {
            *ended = true;
        }
        self.ended.1.notify_all();
        if let Some(watcher) = self.watcher.take() {
            // A watcher that failed has shown nothing; the run itself is done.
            let _ = watcher.join();
        }
    }
}

fn watch(done: &AtomicUsize, ended: &(Mutex<bool>, Condvar), total: usize) {
    let mut wait = PATIENCE;
    let mut shown = false;
    let Ok(mut is_ended) = ended.0.lock() else { return };
    while !*is_ended {
        let Ok((next, timeout)) = ended.1.wait_timeout(is_ended, wait) else { return };
        is_ended = next;
        if timeout.timed_out() {
            screen::complain(&format!("\r{} of {total} files", done.load(Ordering::Relaxed)));
            shown = true;
            wait = PACE;
        }
    }
    if shown {
        screen::complain("\r\u{1b}[K");
    }
}
