//! The tables that the benchmarks print: medians with the least and the most that was measured.

use std::{io::Write, time::Duration};

/// Writes tables in Markdown, row by row, as the figures come.
pub(crate) struct Table<W> {
    out: W,
}

impl<W: Write> Table<W> {
    /// Into `out`.
    pub(crate) fn new(out: W) -> Self {
        Self { out }
    }

    /// Begins a table.
    pub(crate) fn heading(&mut self, text: &str) {
        self.write(&format!(
            "\n### {text}\n\n| | goal | median | least to most | measured |\n|---|---|---|---|---|"
        ));
    }

    /// A row with one figure.
    pub(crate) fn row(&mut self, what: &str, goal: &str, figure: &str) {
        self.write(&format!("| {what} | {goal} | {figure} | | 1 |"));
    }

    /// A row of the median and the range of many figures.
    pub(crate) fn figures<T: Copy + PartialOrd>(
        &mut self,
        what: &str,
        goal: &str,
        figures: &[T],
        show: impl Fn(T) -> String,
    ) {
        let mut sorted = figures.to_vec();
        sorted.sort_by(|one, other| one.partial_cmp(other).expect("figures can be compared"));
        let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else {
            return self.row(what, goal, "nothing was measured");
        };
        let median = sorted[sorted.len() / 2];
        self.write(&format!(
            "| {what} | {goal} | {} | {} to {} | {} |",
            show(median),
            show(*least),
            show(*most),
            sorted.len()
        ));
    }

    fn write(&mut self, text: &str) {
        writeln!(self.out, "{text}").expect("stdout is open");
        self.out.flush().expect("stdout is open");
    }
}

/// `1.234 ms`
pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1000.0)
}

/// `1.23 MiB`, of KiB.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) fn mebibytes(kibibytes: u64) -> String {
    format!("{:.2} MiB", kibibytes as f64 / 1024.0)
}
