//! The social picture of a page: its title above the chain of filters, as a PNG.
//!
//! Drawn by the build, so that every page has its own without a picture in the repository.
//! Must not know: where it is written, or any page's address.

use fontdue::{Font, FontSettings};

/// Width and height in pixels: the shape that link previews ask for.
pub const SIZE: (u32, u32) = (1200, 630);

/// Draws the picture of a page.
///
/// # Errors
/// A font or PNG failure in words; neither depends on the text.
pub fn card(title: &str, line: &str, site: &str) -> Result<Vec<u8>, String> {
    let bold = Font::from_bytes(dejavu::sans::bold(), FontSettings::default())?;
    let regular = Font::from_bytes(dejavu::sans::regular(), FontSettings::default())?;
    let mut canvas = Canvas::new(BACKGROUND);
    canvas.text(&regular, 30.0, (MARGIN, 104), MUTED, site);
    let size = if title.chars().count() > 36 {
        60.0
    } else {
        76.0
    };
    let mut baseline = 214;
    for row in wrap(&bold, size, title, 2) {
        canvas.text(&bold, size, (MARGIN, baseline), TEXT, &row);
        baseline += (size * 1.2) as i32;
    }
    baseline += 4;
    for row in wrap(&regular, 32.0, line, 2) {
        canvas.text(&regular, 32.0, (MARGIN, baseline), MUTED, &row);
        baseline += 44;
    }
    canvas.chain(&regular);
    canvas.png()
}

/// Rows of words that fit between the margins; the last row ends in `…` when words are left over.
fn wrap(font: &Font, size: f32, text: &str, rows: usize) -> Vec<String> {
    let room = SIZE.0 as f32 - 2.0 * MARGIN as f32;
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last().map(String::as_str).unwrap_or_default();
        let longer = if last.is_empty() {
            word.to_string()
        } else {
            format!("{last} {word}")
        };
        if last.is_empty() || width(font, size, &longer) <= room {
            lines.pop();
            lines.push(longer);
        } else if lines.len() < rows {
            lines.push(word.to_string());
        } else {
            if let Some(line) = lines.last_mut() {
                while width(font, size, &format!("{line}…")) > room && line.pop().is_some() {}
                line.push('…');
            }
            break;
        }
    }
    lines
}

fn width(font: &Font, size: f32, text: &str) -> f32 {
    text.chars()
        .map(|c| font.metrics(c, size).advance_width)
        .sum()
}

struct Canvas {
    pixels: Vec<u8>,
}

impl Canvas {
    fn new(color: Color) -> Self {
        let count = (SIZE.0 * SIZE.1) as usize;
        Self {
            pixels: color.iter().copied().cycle().take(count * 3).collect(),
        }
    }

    /// Mixes `color` into a pixel; `alpha` is 0 to 255. Outside the picture nothing happens.
    fn blend(&mut self, x: i32, y: i32, color: Color, alpha: u8) {
        if x < 0 || y < 0 || x >= SIZE.0 as i32 || y >= SIZE.1 as i32 {
            return;
        }
        let at = (y as usize * SIZE.0 as usize + x as usize) * 3;
        for (pixel, channel) in self.pixels[at..at + 3].iter_mut().zip(color) {
            let (old, new, a) = (u32::from(*pixel), u32::from(channel), u32::from(alpha));
            *pixel = ((old * (255 - a) + new * a) / 255) as u8;
        }
    }

    fn text(
        &mut self,
        font: &Font,
        size: f32,
        (x, baseline): (i32, i32),
        color: Color,
        text: &str,
    ) {
        let mut pen = x as f32;
        for c in text.chars() {
            let (metrics, coverage) = font.rasterize(c, size);
            let top = baseline - metrics.height as i32 - metrics.ymin;
            for (i, alpha) in coverage.iter().enumerate() {
                let (dx, dy) = ((i % metrics.width) as i32, (i / metrics.width) as i32);
                self.blend(pen as i32 + metrics.xmin + dx, top + dy, color, *alpha);
            }
            pen += metrics.advance_width;
        }
    }

    fn rect(&mut self, (left, top, right, bottom): (i32, i32, i32, i32), color: Color) {
        for y in top..bottom {
            for x in left..right {
                self.blend(x, y, color, 255);
            }
        }
    }

    /// Client, three filters and upstream, left to right: the site's own picture.
    fn chain(&mut self, font: &Font) {
        let (top, bottom, step) = (504, 564, 222);
        self.rect((MARGIN, 533, MARGIN + 4 * step + 156, 536), LINE);
        for (i, (name, color)) in ACTORS.iter().enumerate() {
            let left = MARGIN + i as i32 * step;
            self.rect((left, top, left + 156, bottom), SURFACE);
            self.rect((left, top, left + 6, bottom), *color);
            self.text(font, 24.0, (left + 24, 543), TEXT, name);
        }
    }

    fn png(&self) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, SIZE.0, SIZE.1);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(|e| e.to_string())?;
        writer
            .write_image_data(&self.pixels)
            .map_err(|e| e.to_string())?;
        writer.finish().map_err(|e| e.to_string())?;
        Ok(out)
    }
}

type Color = [u8; 3];

const MARGIN: i32 = 78;
const BACKGROUND: Color = [16, 20, 27];
const SURFACE: Color = [29, 36, 47];
const LINE: Color = [86, 99, 118];
const TEXT: Color = [236, 240, 246];
const MUTED: Color = [166, 178, 195];
const ACTORS: [(&str, Color); 5] = [
    ("client", [125, 176, 255]),
    ("native", [240, 183, 92]),
    ("Lua", [199, 146, 234]),
    ("Wasm", [122, 134, 255]),
    ("upstream", [94, 205, 176]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_title_is_cut_with_an_ellipsis_inside_the_margins() {
        let font = Font::from_bytes(dejavu::sans::bold(), FontSettings::default()).unwrap();
        let rows = wrap(&font, 60.0, &"extending Envoy ".repeat(20), 2);
        assert_eq!(rows.len(), 2);
        assert!(rows[1].ends_with('…'));
        for row in rows {
            assert!(width(&font, 60.0, &row) <= SIZE.0 as f32 - 2.0 * MARGIN as f32);
        }
    }

    #[test]
    fn a_card_is_a_png_of_the_size_that_previews_ask_for() {
        let png = card(
            "Add a header",
            "The classic first filter",
            "A Tour of Proxy-Wasm",
        )
        .unwrap();
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(png[16..24], [0, 0, 4, 176, 0, 0, 2, 118]);
    }
}
