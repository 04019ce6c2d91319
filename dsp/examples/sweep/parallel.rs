//! Work on several threads, results in order.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Calls `take` with the result of each item, in the order of the items, as soon as it is known.
pub(crate) fn in_order<I: Sync, R: Send>(
    threads: usize,
    items: &[I],
    work: impl Fn(&I) -> R + Sync,
    take: impl FnMut(R) + Send,
) {
    let next = AtomicUsize::new(0);
    let done = Mutex::new((0, BTreeMap::new(), take));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some((number, item)) = {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    items.get(number).map(|item| (number, item))
                } {
                    let result = work(item);
                    let mut done = done.lock().expect("no thread panics");
                    let (first, results, take) = &mut *done;
                    results.insert(number, result);
                    while let Some(result) = results.remove(first) {
                        take(result);
                        *first += 1;
                    }
                }
            });
        }
    });
}
