//! Who has something to tell.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::Told;

/// Something whose state belongs into a dump.
pub trait Tells: Send + Sync {
    /// Tells its state; must not wait for a lock, see [`try_for_a_while`](super::try_for_a_while).
    fn tell(&self, told: &mut Told);
}

/// Of the process, as a signal is.
static TELLERS: Mutex<Vec<Weak<dyn Tells>>> = Mutex::new(Vec::new());

/// Has something tell its state in every dump, as long as it lives; in the order of registration.
pub fn register<T: Tells + 'static>(teller: &Arc<T>) {
    let teller: Arc<dyn Tells> = Arc::clone(teller) as _;
    let mut tellers = TELLERS.lock().unwrap_or_else(PoisonError::into_inner);
    tellers.retain(|known| known.strong_count() > 0);
    tellers.push(Arc::downgrade(&teller));
}

/// Those that are registered and live; the lock is never held while one of them tells.
pub(super) fn tellers() -> Vec<Arc<dyn Tells>> {
    let tellers = TELLERS.lock().unwrap_or_else(PoisonError::into_inner);
    tellers.iter().filter_map(Weak::upgrade).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Named(&'static str);

    impl Tells for Named {
        fn tell(&self, told: &mut Told) {
            told.line(self.0);
        }
    }

    fn told() -> String {
        let mut told = Told::default();
        for teller in tellers() {
            teller.tell(&mut told);
        }
        told.to_string()
    }

    /// What is gone tells nothing more.
    #[test]
    fn who_lives_tells() {
        let first = Arc::new(Named("the first of two"));
        let second = Arc::new(Named("the second of two"));
        register(&first);
        register(&second);
        assert!(told().contains("the first of two\nthe second of two\n"));

        drop(first);

        assert!(!told().contains("the first of two"));
    }
}
