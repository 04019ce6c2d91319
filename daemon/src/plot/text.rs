//! Draws text with the spacing that the font defines. The plotting library ignores the side
//! bearings of the glyphs.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use plotters::backend::DrawingBackend;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind};

use super::colour;
use super::error::PlotError;

/// The name under which the font is registered. The program that shows an SVG file uses its own
/// font of this family.
pub(super) const FAMILY: &str = "sans-serif";

/// Text sizes: the height of a line in pixels.
pub(super) const SMALL: i32 = 17;
pub(super) const LARGE: i32 = 25;

/// Height of the capitals, as a fraction of the height of a line.
const CAPITAL_HEIGHT: f32 = 0.524;

/// A style that places text by its left end, middle or right end, and the middle of its height.
pub(super) fn style(size: i32, ink: RGBColor, at: HPos) -> TextStyle<'static> {
    let font = (FAMILY, size).into_font();
    TextStyle {
        color: ink.to_backend_color(),
        ..TextStyle::from(font)
    }
    .pos(Pos::new(at, VPos::Center))
}

/// The style of the axes.
pub(super) fn axis() -> TextStyle<'static> {
    TextStyle::from((FAMILY, SMALL).into_font()).color(&colour::INK)
}

/// A drawing backend that draws text itself and passes everything else to another backend.
pub(super) struct TextBackend<B> {
    pixels: B,
    font: FontRef<'static>,
}

impl<B: DrawingBackend> TextBackend<B> {
    pub(super) fn new(pixels: B) -> Result<Self, PlotError> {
        Ok(Self {
            pixels,
            font: FontRef::try_from_slice(notosans::REGULAR_TTF).map_err(|_| PlotError::Font)?,
        })
    }

    /// Width of a text in pixels.
    fn width(&self, text: &str, size: f32) -> f32 {
        let font = self.font.as_scaled(size);
        let ids: Vec<_> = text.chars().map(|c| font.glyph_id(c)).collect();
        let advances: f32 = ids.iter().map(|id| font.h_advance(*id)).sum();
        let kerning: f32 = ids.array_windows().map(|[one, next]| font.kern(*one, *next)).sum();
        advances + kerning
    }
}

impl<B: DrawingBackend> DrawingBackend for TextBackend<B> {
    type ErrorType = B::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.pixels.get_size()
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.pixels.ensure_prepared()
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.pixels.present()
    }

    fn draw_pixel(
        &mut self,
        point: BackendCoord,
        color: BackendColor,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.pixels.draw_pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.pixels.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        self.pixels.draw_rect(upper_left, bottom_right, style, fill)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the plot has about a thousand pixels")]
    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        at: BackendCoord,
    ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
        let size = style.size() as f32;
        let mut x = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -0.5 * self.width(text, size),
            HPos::Right => -self.width(text, size),
        };
        let baseline = match style.anchor().v_pos {
            VPos::Top => self.font.as_scaled(size).ascent() - 0.2 * size,
            VPos::Center => 0.5 * CAPITAL_HEIGHT * size,
            VPos::Bottom => self.font.as_scaled(size).descent() + 0.1 * size,
        };
        let font = self.font.clone();
        let scaled = font.as_scaled(size);
        let mut previous = None;
        for id in text.chars().map(|c| font.glyph_id(c)) {
            x += previous.map_or(0.0, |previous| scaled.kern(previous, id));
            let glyph = id.with_scale_and_position(PxScale::from(size), point(x, baseline.round()));
            x += scaled.h_advance(id);
            previous = Some(id);
            let Some(outline) = font.outline_glyph(glyph) else {
                continue;
            };
            let corner = outline.px_bounds().min;
            let mut result = Ok(());
            outline.draw(|dx, dy, coverage| {
                let place = (corner.x as i32 + dx.cast_signed(), corner.y as i32 + dy.cast_signed());
                let rotated = style.transform().transform(place.0, place.1);
                let shades = f64::from(colour::TEXT_SHADES);
                let shade = (f64::from(coverage.min(1.0)) * shades).round() / shades;
                let color = style.color().mix(shade);
                if result.is_ok() && color.alpha > 0.0 {
                    result = self.pixels.draw_pixel((at.0 + rotated.0, at.1 + rotated.1), color);
                }
            });
            result?;
        }
        Ok(())
    }
}
