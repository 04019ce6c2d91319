//! Text in pixels, set with the spacing that the font asks for.

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use plotters::backend::DrawingBackend;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind};

use super::colour;
use super::error::PictureError;

/// The name that the font is registered under. What shows an SVG file takes its own.
pub(super) const FAMILY: &str = "sans-serif";

/// Sizes of type: height of a line in pixels.
pub(super) const SMALL: i32 = 17;
pub(super) const LARGE: i32 = 25;

/// The height of capitals in the font, as a part of the line's.
const CAPITALS: f32 = 0.524;

/// Text of a size and colour, hung up at one of its ends and the middle of its height.
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

/// Draws on something that draws pixels, and sets text.
pub(super) struct Lettered<B> {
    pixels: B,
    font: FontRef<'static>,
}

impl<B: DrawingBackend> Lettered<B> {
    pub(super) fn new(pixels: B) -> Result<Self, PictureError> {
        Ok(Self {
            pixels,
            font: FontRef::try_from_slice(notosans::REGULAR_TTF).map_err(|_| PictureError::Font)?,
        })
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        let font = self.font.as_scaled(size);
        let ids: Vec<_> = text.chars().map(|c| font.glyph_id(c)).collect();
        let advances: f32 = ids.iter().map(|id| font.h_advance(*id)).sum();
        let kerning: f32 = ids.array_windows().map(|[one, next]| font.kern(*one, *next)).sum();
        advances + kerning
    }
}

impl<B: DrawingBackend> DrawingBackend for Lettered<B> {
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

    #[expect(
        clippy::cast_possible_truncation,
        reason = "places in a picture of a thousand pixels"
    )]
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
            VPos::Center => 0.5 * CAPITALS * size,
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
                let turned = style.transform().transform(place.0, place.1);
                let shades = f64::from(colour::TEXT_SHADES);
                let shade = (f64::from(coverage.min(1.0)) * shades).round() / shades;
                let color = style.color().mix(shade);
                if result.is_ok() && color.alpha > 0.0 {
                    result = self.pixels.draw_pixel((at.0 + turned.0, at.1 + turned.1), color);
                }
            });
            result?;
        }
        Ok(())
    }
}
