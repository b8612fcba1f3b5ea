//! memstore keeps its promises when many threads use it at once.
#![allow(clippy::unwrap_used)] // A test that can't go on may as well panic.

use std::num::NonZeroUsize;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use keyvalue_store::contract::{key, namespace, ttl};
use keyvalue_store::{ManualClock, MemStore, Store};

const THREADS: usize = 8;
const ROUNDS: usize = 500;

fn store(max_keys: usize) -> (MemStore<ManualClock>, ManualClock) {
    let clock = ManualClock::default();
    (
        MemStore::new(NonZeroUsize::new(max_keys).unwrap(), clock.clone()),
        clock,
    )
}

/// Runs the same work in every thread, begun together, and returns what each made.
fn together<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        let run = |thread| {
            barrier.wait();
            work(thread)
        };
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || run(thread)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

/// Racing writers of new keys fill a namespace to its limit and not one beyond.
#[test]
fn the_limit_holds_in_a_race() {
    let (store, _) = store(1000);
    let space = namespace("race");

    let stored = together(|thread| {
        let set = |round: usize| store.set(&space, key(&format!("{thread}-{round}")), Bytes::new());
        (0..ROUNDS).filter(|round| set(*round).is_ok()).count()
    });

    assert_eq!(stored.iter().sum::<usize>(), 1000);
    assert_eq!(store.held(&space), 1000);
}

/// Places that expired are all given out again, each once, however many sweep at once.
#[test]
fn expired_places_are_given_out_once() {
    let (store, clock) = store(THREADS);
    let space = namespace("again");
    for round in 0..ROUNDS {
        let stored = together(|thread| {
            let name = key(&format!("{round}-{thread}"));
            let stored = store.set(&space, name.clone(), Bytes::new()).is_ok();
            stored && store.expire(&space, &name, ttl(1)).unwrap()
        });

        assert_eq!(stored, [true; THREADS], "round {round}");
        assert_eq!(store.held(&space), THREADS);
        clock.advance(Duration::from_secs(1));
    }
}

/// Of many that delete one key, one finds it; the count stays right.
#[test]
fn one_of_many_deletes_a_key() {
    let (store, _) = store(10);
    let space = namespace("delete");
    for _ in 0..ROUNDS {
        store.set(&space, key("k"), Bytes::new()).unwrap();

        let found = together(|_| store.delete(&space, &key("k")).unwrap());

        assert_eq!(found.iter().filter(|found| **found).count(), 1);
        assert_eq!(store.held(&space), 0);
    }
}

/// Readers beside a writer see one of its values, whole, and never none.
#[test]
fn readers_see_whole_values() {
    let (store, _) = store(10);
    let space = namespace("whole");
    let value = |byte: u8| Bytes::from(vec![byte; 1024]);
    store.set(&space, key("k"), value(0)).unwrap();

    together(|thread| {
        for round in 0..ROUNDS {
            if thread == 0 {
                store
                    .set(&space, key("k"), value(u8::try_from(round % 256).unwrap()))
                    .unwrap();
            }
            let seen = store.get(&space, &key("k")).unwrap().unwrap();
            assert_eq!(seen, value(seen[0]));
        }
    });
}

/// A namespace removed under writers is counted right: what they stored is removed or still there.
#[test]
fn removal_counts_what_writers_stored() {
    let (store, _) = store(THREADS * ROUNDS);
    let space = namespace("removal");

    let counts = together(|thread| {
        if thread == 0 {
            return (0..ROUNDS)
                .map(|_| store.remove_namespace(&space).unwrap())
                .sum();
        }
        for round in 0..ROUNDS {
            store
                .set(&space, key(&format!("{thread}-{round}")), Bytes::new())
                .unwrap();
        }
        0
    });

    assert_eq!(counts[0] + store.held(&space), (THREADS - 1) * ROUNDS);
}
