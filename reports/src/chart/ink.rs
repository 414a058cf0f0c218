//! Colours by role. Knows what each role looks like in light and in dark, and how plotters' colours become CSS classes;
//! must not know what is drawn. The palette follows Okabe and Ito, so that it can be told apart with any colour vision.

use plotters::style::RGBColor;
use std::fmt::Write as _;

macro_rules! inks {
    ($($role:ident $class:literal $light:literal $dark:literal $doc:literal;)*) => {
        /// A role that a colour plays.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Ink { $(#[doc = $doc] $role,)* }

        /// Role, class, in light, in dark.
        const INKS: &[(Ink, &str, &str, &str)] = &[$((Ink::$role, $class, $light, $dark),)*];
    };
}

inks! {
    Paper "paper" "#ffffff" "#14181d" "Behind everything; only in files of their own.";
    Text "text" "#1f2328" "#e6edf3" "Titles and values.";
    Muted "muted" "#59636e" "#9da7b3" "Ticks and captions.";
    Grid "grid" "#e1e5ea" "#2b323b" "Grid lines.";
    Axis "axis" "#aab3bd" "#4d5763" "Base lines.";
    Running "running" "#2f7fb8" "#3f8fcb" "Runners that run.";
    Starting "starting" "#9ccbe8" "#a9d6f2" "Runners that start.";
    Limit "limit" "#1f2328" "#e6edf3" "The most runners allowed.";
    Waiting "waiting" "#9b4a86" "#d792c0" "Messages that wait.";
    Fault "fault" "#d55e00" "#ff8f45" "A fault is on.";
    WarmUp "warmup" "#7d8590" "#9da7b3" "Not measured.";
    Active "active" "#b5d8ca" "#2c5f50" "Phase.";
    Suspect "suspect" "#f0c419" "#e3b505" "Phase.";
    Awaiting "awaiting" "#cc79a7" "#cc79a7" "Phase.";
    Evacuating "evacuating" "#d55e00" "#e8762c" "Phase.";
    Out "out" "#3d4450" "#d3dae2" "Phase.";
    Probation "probation" "#56b4e9" "#56b4e9" "Phase.";
    Other "other" "#9198a1" "#768390" "What has no role of its own.";
    Home "home" "#2f7fb8" "#3f8fcb" "Placed at home.";
    Sticky "sticky" "#009e73" "#2fbf94" "Placed where its workflow run is.";
    Spillover "spillover" "#e69f00" "#f0b429" "Placed elsewhere for lack of room.";
    Failover "failover" "#c2410c" "#f47c3c" "Placed elsewhere for a region's loss.";
    Median "median" "#3a8cc4" "#4a9ad6" "The 50th percentile.";
    Tail "tail" "#12324f" "#d4e8f7" "The 95th percentile.";
    Clock "clock" "#2f7fb8" "#3f8fcb" "A clock of a failover.";
    Fleet "fleet" "#2f7fb8" "#3f8fcb" "The fleet's cost.";
    Single "single" "#a8b1ba" "#6b7683" "The best single region's cost.";
    Heat "heat" "#2f7fb8" "#3f8fcb" "The measure of a map: the more opaque, the larger.";
    Good "good" "#007a5a" "#35c49b" "All objectives are met.";
    Bad "bad" "#b93a05" "#ff8f45" "An objective is missed.";
    Unsure "unsure" "#8a6100" "#e3b505" "An objective is inconclusive.";
}

impl Ink {
    /// A colour that nothing else uses; `classed` turns it into the role's class.
    pub(super) fn sentinel(self) -> RGBColor {
        RGBColor(1, self as u8, 254)
    }
}

/// Turns colours into classes and drops what the style sheet says anyhow.
pub(super) fn classed(svg: &str) -> String {
    let mut text =
        svg.replace(" opacity=\"1\"", "").replace(" font-family=\"sans-serif\"", "").replace(" stroke=\"none\"", "");
    for (ink, class, _, _) in INKS {
        let RGBColor(r, g, b) = ink.sentinel();
        let code = format!("#{r:02X}{g:02X}{b:02X}");
        if text.contains(&code) {
            text = text.replace(&format!("fill=\"{code}\""), &format!("class=\"f-{class}\""));
            text = text.replace(&format!("stroke=\"{code}\""), &format!("class=\"s-{class}\""));
        }
    }
    text
}

/// The rules of the classes that `svg` uses, or of all; each under `scope`.
pub(super) fn style(scope: &str, svg: Option<&str>) -> String {
    let (mut light, mut dark) = (String::new(), String::new());
    for (_, class, by_day, by_night) in INKS {
        for (kind, property) in [("f", "fill"), ("s", "stroke")] {
            let name = format!("{kind}-{class}");
            if svg.is_none_or(|svg| svg.contains(&format!("class=\"{name}\""))) {
                write!(light, "{scope} .{name}{{{property}:{by_day}}}").expect("a String takes all");
                write!(dark, "{scope} .{name}{{{property}:{by_night}}}").expect("a String takes all");
            }
        }
    }
    format!(
        "{scope} text{{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}}\
         {scope} .s-limit{{stroke-dasharray:10 8}}{light}@media(prefers-color-scheme:dark){{{dark}}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_become_classes_and_classes_have_rules() {
        let svg =
            classed("<rect opacity=\"1\" fill=\"#0101FE\" stroke=\"none\"/><line opacity=\"0.5\" stroke=\"#0107FE\"/>");
        assert_eq!(svg, "<rect class=\"f-text\"/><line opacity=\"0.5\" class=\"s-limit\"/>");
        let rules = style("svg", Some(&svg));
        assert!(rules.contains("svg .f-text{fill:#1f2328}") && rules.contains("svg .f-text{fill:#e6edf3}"));
        assert!(!rules.contains("f-home"), "only what is used");
    }

    #[test]
    fn each_role_has_its_own_colour_code() {
        for (i, (ink, class, ..)) in INKS.iter().enumerate() {
            assert_eq!(*ink as usize, i, "{class}");
        }
    }
}
