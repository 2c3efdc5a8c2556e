//! How output is drawn: whether with colours, and how wide.

/// How output is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether escape sequences for colours and bold may be written.
    pub(crate) colours: bool,
    /// How many columns tables may take.
    pub(crate) width: usize,
    /// Whether sentences are broken to that width, too. In a pipe they stay whole for whatever reads them.
    pub(super) breaks_sentences: bool,
}

/// Where there is no window: still a line that can be read, on a page too.
const PAGE_WIDTH: usize = 100;
/// Less than this cannot hold a table; more than this the eye cannot follow.
const WIDTHS: (usize, usize) = (40, 250);

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const PLAIN: &str = "\x1b[0m";

impl Default for Style {
    /// For a pipe or a file.
    fn default() -> Self {
        Self {
            breaks_sentences: false,
            ..Self::new(PAGE_WIDTH)
        }
    }
}

impl Style {
    /// Without colours, in a window of this width.
    pub(super) fn new(width: usize) -> Self {
        let (least, most) = WIDTHS;
        Self {
            colours: false,
            width: width.clamp(least, most),
            breaks_sentences: true,
        }
    }

    /// The same with colours, or without.
    pub(super) fn with_colours(self, colours: bool) -> Self {
        Self { colours, ..self }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with(BOLD, text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with(DIM, text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.with(RED, text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.with(GREEN, text)
    }

    fn with(self, sequence: &str, text: &str) -> String {
        if self.colours && !text.is_empty() {
            format!("{sequence}{text}{PLAIN}")
        } else {
            text.to_owned()
        }
    }
}
