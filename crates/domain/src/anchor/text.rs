//! How much of one text stands in another: by the three-letter runs they share, and, for what a person has to
//! decide, by the letters one would have to change.

/// The runs of three letters of a text, sorted, each as often as it occurs. Case and punctuation do not count.
#[derive(Debug, Default)]
pub(super) struct Profile(Vec<u64>);

impl Profile {
    pub(super) fn of(text: &str) -> Self {
        let mut letters = vec![u64::from(b' ')];
        for letter in text.chars().flat_map(char::to_lowercase) {
            if letter.is_alphanumeric() {
                letters.push(u64::from(u32::from(letter)));
            } else if letters.last() != Some(&u64::from(b' ')) {
                letters.push(u64::from(b' '));
            }
        }
        if letters.len() == 1 {
            // Nothing but punctuation: it is compared as it stands.
            letters.extend(text.chars().filter(|c| !c.is_whitespace()).map(|c| u64::from(u32::from(c))));
        }
        if letters.len() == 1 {
            return Self::default();
        }
        letters.push(u64::from(b' '));
        // A character has 21 bits at most, so three fit.
        let mut runs: Vec<u64> = letters.windows(3).map(|run| run[0] << 42 | run[1] << 21 | run[2]).collect();
        runs.sort_unstable();
        Self(runs)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Runs that both have.
    fn shared(&self, other: &Self) -> usize {
        let (mut i, mut j, mut shared) = (0, 0, 0);
        while let (Some(a), Some(b)) = (self.0.get(i), other.0.get(j)) {
            match a.cmp(b) {
                std::cmp::Ordering::Less => i += 1,
                std::cmp::Ordering::Greater => j += 1,
                std::cmp::Ordering::Equal => {
                    shared += 1;
                    i += 1;
                    j += 1;
                }
            }
        }
        shared
    }

    /// What share of `self` is in `other`: 0..1.
    pub(super) fn within(&self, other: &Self) -> f64 {
        ratio(self.shared(other), self.len())
    }

    /// Dice's coefficient: 1 for equal texts, 0 for texts that share nothing.
    pub(super) fn likeness(&self, other: &Self) -> f64 {
        ratio(2 * self.shared(other), self.len() + other.len())
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { number(part) / number(whole) }
}

/// Texts longer than this are compared by their runs, since comparing letters takes the square of the length.
const LETTERS_COMPARED: usize = 4_000;

/// Whether two texts differ by more than a tool's noise, white space apart: by more letters than a tool that misreads one
/// in thirty plausibly misreads of so many (`noise`).
pub fn differs(a: &str, b: &str) -> bool {
    if a == b {
        return false;
    }
    let letters = |text: &str| -> Vec<char> {
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ").chars().collect()
    };
    let (a_letters, b_letters) = (letters(a), letters(b));
    let longer = a_letters.len().max(b_letters.len());
    if longer > LETTERS_COMPARED {
        return Profile::of(a).likeness(&Profile::of(b)) < 0.6;
    }
    !at_most(&a_letters, &b_letters, noise(&a_letters, &b_letters))
}

/// How many letters may be misread: one in seven and, since few are misread in heaps, one more of a word. Of three
/// letters or fewer none, and of a number that is read as another number only the one in seven.
fn noise(a: &[char], b: &[char]) -> usize {
    let number = |text: &[char]| !text.iter().any(|letter| letter.is_alphabetic());
    match a.len().max(b.len()) {
        0..=3 => 0,
        longer if longer <= 4 || (number(a) && number(b)) => longer.div_ceil(7),
        longer => longer.div_ceil(7) + 1,
    }
}

/// Whether `a` becomes `b` by `limit` changes of a letter or fewer (Ukkonen: only the band around the diagonal).
fn at_most(a: &[char], b: &[char], limit: usize) -> bool {
    if a.len().abs_diff(b.len()) > limit {
        return false;
    }
    let far = limit + 1;
    let mut above: Vec<usize> = (0..=b.len()).map(|j| j.min(far)).collect();
    let mut row = vec![far; b.len() + 1];
    for (i, letter) in a.iter().enumerate().map(|(i, letter)| (i + 1, letter)) {
        let (first, last) = (i.saturating_sub(limit).max(1), (i + limit).min(b.len()));
        row[first - 1] = if first == 1 { i.min(far) } else { far };
        let mut best = row[first - 1];
        for j in first..=last {
            let changed = above[j - 1] + usize::from(*letter != b[j - 1]);
            row[j] = changed.min(above[j] + 1).min(row[j - 1] + 1).min(far);
            best = best.min(row[j]);
        }
        if last < b.len() {
            row[last + 1] = far;
        }
        if best >= far {
            return false;
        }
        std::mem::swap(&mut above, &mut row);
    }
    above[b.len()] <= limit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_forgives_a_wrong_letter_and_sees_a_part_in_the_whole() {
        let whole = Profile::of("The quick brown fox jumps over the lazy dog");
        assert!(whole.likeness(&Profile::of("the quick brown f0x jumps over the lazy dog!")) > 0.8);
        assert!(Profile::of("brown fox jumps").within(&whole) > 0.9);
        assert!(whole.likeness(&Profile::of("annual report 2024")) < 0.1);
        assert!(Profile::of(" \n").is_empty());
        assert!(!Profile::of("§").is_empty());
    }

    #[test]
    fn noise_is_one_letter_in_seven_and_another_number_is_none() {
        assert!(!differs("Hello world", "Hel1o  world"));
        assert!(!differs("", ""));
        assert!(differs("12", "13"));
        assert!(differs("Total revenue", "Deferred taxes"));
        assert!(differs("short", "a much longer text than that"));
        let long = "lorem ipsum ".repeat(1_000);
        assert!(!differs(&long, &format!("{long}x")));
    }

    #[test]
    fn the_band_counts_as_the_whole_table_does() {
        let whole = |a: &[char], b: &[char]| {
            let mut above: Vec<usize> = (0..=b.len()).collect();
            for (i, x) in a.iter().enumerate() {
                let mut row = vec![i + 1];
                for (j, y) in b.iter().enumerate() {
                    row.push((above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1));
                }
                above = row;
            }
            above[b.len()]
        };
        let words =
            ["", "a", "kitten", "sitting", "mitten", "it sits", "knitting", "tin", "aaaaaaa", "aabaaba"];
        for a in words {
            for b in words {
                let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
                for limit in 0..9 {
                    assert_eq!(at_most(&a, &b, limit), whole(&a, &b) <= limit, "{a:?} {b:?} {limit}");
                }
            }
        }
    }
}
