//! In which order pictures are fetched.

/// How many neighbours on each side come before everything else.
pub const NEAR: usize = 8;
/// Requests at a time: enough to fill the line, few enough that the picture in demand is not late.
pub const AT_ONCE: usize = 6;

/// The order for a stack of `len` pictures when `current` is on the stage and the reader scrolls
/// forward or not: the current one, [`NEAR`] ahead, [`NEAR`] behind, every fourth (so that a jump
/// lands near a picture), then the rest, nearest first.
#[must_use]
pub fn order(len: usize, current: usize, forward: bool) -> Vec<usize> {
    let current = current.min(len.saturating_sub(1));
    let mut order = Vec::with_capacity(len);
    let mut seen = vec![false; len];
    let mut push = |at: usize| {
        if let Some(seen) = seen.get_mut(at).filter(|seen| !**seen) {
            *seen = true;
            order.push(at);
        }
    };
    push(current);
    for first in [forward, !forward] {
        for distance in 1..=NEAR {
            if let Some(at) = beside(current, distance, first) {
                push(at);
            }
        }
    }
    (0..len).step_by(4).for_each(&mut push);
    for distance in NEAR + 1..=len {
        for first in [forward, !forward] {
            if let Some(at) = beside(current, distance, first) {
                push(at);
            }
        }
    }
    order
}

fn beside(current: usize, distance: usize, forward: bool) -> Option<usize> {
    if forward {
        current.checked_add(distance)
    } else {
        current.checked_sub(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ones_in_the_direction_come_first() {
        let order = order(40, 10, true);
        assert_eq!(
            order[..17],
            [10, 11, 12, 13, 14, 15, 16, 17, 18, 9, 8, 7, 6, 5, 4, 3, 2]
        );
        assert_eq!(order[17..25], [0, 20, 24, 28, 32, 36, 19, 1]);
    }

    #[test]
    fn everything_comes_exactly_once() {
        for (len, current) in [(0, 0), (1, 0), (28, 0), (28, 27), (300, 150), (5, 99)] {
            for forward in [true, false] {
                let mut order = order(len, current, forward);
                order.sort_unstable();
                assert_eq!(order, (0..len).collect::<Vec<_>>());
            }
        }
    }
}
