//! Runs content streams for what they show. No colours, no outlines, no images are decoded: fewer lines that a hostile
//! document can reach.

use std::collections::HashMap;
use std::rc::Rc;

use hayro_syntax::content::TypedIter;
use hayro_syntax::content::ops::TypedInstruction as Op;
use hayro_syntax::object::{Array, Dict, Name, Object, ObjectIdentifier, Stream};
use hayro_syntax::page::Resources;
use kurbo::{Affine, Point, Rect};

use super::content::Content;
use super::font::{Fonts, TextFont, is_subtype, numbers};
use super::layers::Layers;
use super::marked::Marked;
use super::path::Path;
use super::state::{State, TextMatrices};

/// How deep forms may nest, and how many states may be saved.
const MAX_FORMS: usize = 40;
const MAX_STATES: usize = 5000;

/// What all pages of a document share.
pub(super) struct Shared<'a> {
    pub(super) fonts: Fonts<'a>,
    pub(super) layers: Layers,
    pub(super) known: HashMap<ObjectIdentifier, Option<Rc<TextFont<'a>>>>,
}

pub(super) struct Interpreter<'a, 's> {
    pub(super) shared: &'s mut Shared<'a>,
    pub(super) content: Content,
    pub(super) state: State<'a>,
    saved: Vec<State<'a>>,
    pub(super) text: TextMatrices,
    path: Path,
    pending_clip: bool,
    pub(super) marked: Marked,
    forms: Vec<ObjectIdentifier>,
}

impl<'a, 's> Interpreter<'a, 's> {
    pub(super) fn new(shared: &'s mut Shared<'a>, transform: Affine, page: Rect) -> Self {
        Self {
            shared,
            content: Content::default(),
            state: State::new(transform, page),
            saved: Vec::new(),
            text: TextMatrices::default(),
            path: Path::default(),
            pending_clip: false,
            marked: Marked::default(),
            forms: Vec::new(),
        }
    }

    /// Runs one stream. State that it leaves behind ends with it.
    pub(super) fn run(&mut self, bytes: &[u8], resources: &Resources<'a>) {
        let (saved, marks, outer) = (self.saved.len(), self.marked.depth(), self.state.clone());
        let mut names: HashMap<Vec<u8>, Option<Rc<TextFont<'a>>>> = HashMap::new();
        let mut operators = TypedIter::new(bytes);
        while let Some(operator) = operators.next() {
            if let Op::TextFont(font) = &operator {
                let found = names
                    .entry(font.0.as_ref().to_vec())
                    .or_insert_with(|| self.find_font(resources, font.0));
                (self.state.font, self.state.size) = (found.clone(), font.1.as_f64());
            } else {
                self.step(&operator, resources, saved);
            }
            if self.content.overflow {
                break;
            }
        }
        while self.marked.depth() > marks {
            self.end_marked();
        }
        self.saved.truncate(saved);
        self.state = outer;
        self.path = Path::default();
        self.pending_clip = false;
    }

    fn step(&mut self, operator: &Op<'_, '_>, resources: &Resources<'a>, floor: usize) {
        match operator {
            Op::SaveState(_) if self.saved.len() < MAX_STATES => self.saved.push(self.state.clone()),
            Op::RestoreState(_) if self.saved.len() > floor => {
                if let Some(state) = self.saved.pop() {
                    self.state = state;
                }
            }
            Op::Transform(m) => self.state.ctm *= Affine::new(numbers([m.0, m.1, m.2, m.3, m.4, m.5])),
            Op::SetGraphicsState(name) => self.graphics_state(resources, name.0),
            Op::LineWidth(width) => self.state.line_width = width.0.as_f64(),
            Op::XObject(name) => self.x_object(resources, name.0),
            Op::InlineImage(_) => self.image(),
            Op::BeginMarkedContent(_) => self.marked.begin(true, None),
            Op::BeginMarkedContentWithProperties(mark) => self.begin_marked(resources, mark.0, mark.1),
            Op::EndMarkedContent(_) => self.end_marked(),
            _ => {
                self.text_operator(operator);
                self.path_operator(operator);
            }
        }
    }

    fn path_operator(&mut self, operator: &Op<'_, '_>) {
        let ctm = self.state.ctm;
        let at = |x: f64, y: f64| ctm * Point::new(x, y);
        match operator {
            Op::MoveTo(to) => self.path.move_to(at(to.0.as_f64(), to.1.as_f64())),
            Op::LineTo(to) => self.path.line_to(at(to.0.as_f64(), to.1.as_f64())),
            Op::CubicTo(c) => {
                let [x1, y1, x2, y2, x3, y3] = numbers([c.0, c.1, c.2, c.3, c.4, c.5]);
                self.path.curve_to([at(x1, y1), at(x2, y2), at(x3, y3)]);
            }
            Op::CubicStartTo(c) => {
                let [x2, y2, x3, y3] = numbers([c.0, c.1, c.2, c.3]);
                self.path.curve_to([at(x2, y2), at(x2, y2), at(x3, y3)]);
            }
            Op::CubicEndTo(c) => {
                let [x1, y1, x3, y3] = numbers([c.0, c.1, c.2, c.3]);
                self.path.curve_to([at(x1, y1), at(x3, y3), at(x3, y3)]);
            }
            Op::ClosePath(_) => self.path.close(),
            Op::RectPath(r) => {
                let [x, y, width, height] = numbers([r.0, r.1, r.2, r.3]);
                self.path.rect(ctm, Rect::new(x, y, x + width, y + height).abs());
            }
            Op::ClipNonZero(_) | Op::ClipEvenOdd(_) => self.pending_clip = true,
            Op::StrokePath(_) | Op::CloseAndStrokePath(_) => self.paint(true),
            Op::FillPathNonZero(_)
            | Op::FillPathNonZeroCompatibility(_)
            | Op::FillPathEvenOdd(_)
            | Op::FillAndStrokeNonZero(_)
            | Op::FillAndStrokeEvenOdd(_)
            | Op::CloseFillAndStrokeNonZero(_)
            | Op::CloseFillAndStrokeEvenOdd(_) => self.paint(false),
            Op::EndPath(_) => self.end_path(),
            _ => {}
        }
    }

    fn paint(&mut self, stroke: bool) {
        if self.marked.shown() {
            let clip = self.state.clip.inflate(1.0, 1.0);
            let rules: Vec<Rect> =
                if stroke { self.path.stroked().collect() } else { self.path.filled().collect() };
            for rule in rules.into_iter().filter(|rule| clip.overlaps(*rule)) {
                self.content.rule(rule.intersect(clip));
            }
        }
        self.end_path();
    }

    fn end_path(&mut self) {
        if std::mem::take(&mut self.pending_clip) {
            self.state.clip = self.state.clip.intersect(self.path.bounds());
        }
        self.path = Path::default();
    }

    fn find_font(&mut self, resources: &Resources<'a>, name: &Name<'_>) -> Option<Rc<TextFont<'a>>> {
        let dict = resources.get_font(name).unwrap_or_default();
        self.load_font(&dict)
    }

    fn load_font(&mut self, dict: &Dict<'a>) -> Option<Rc<TextFont<'a>>> {
        let Some(id) = dict.obj_id().filter(|_| !dict.is_empty()) else {
            return self.shared.fonts.font(dict);
        };
        let shared = &mut *self.shared;
        shared.known.entry(id).or_insert_with(|| shared.fonts.font(dict)).clone()
    }

    fn graphics_state(&mut self, resources: &Resources<'a>, name: &Name<'_>) {
        let font = resources.get_ext_g_state(name).and_then(|state| state.get::<Array<'_>>("Font"));
        let Some(font) = font else { return };
        let mut items = font.iter::<Object<'_>>();
        if let (Some(Object::Dict(dict)), Some(Object::Number(size))) = (items.next(), items.next()) {
            self.state.font = self.load_font(&dict);
            self.state.size = size.as_f64();
        }
    }

    fn begin_marked(&mut self, resources: &Resources<'a>, tag: &Name<'_>, properties: &Object<'_>) {
        let (mut shown, mut actual) = (true, None);
        match properties {
            Object::Name(name) => {
                shown =
                    tag.as_ref() != b"OC" || self.shared.layers.shows(&resources.properties, name.as_ref());
                if let Some(dict) = resources.properties.get::<Dict<'_>>(name.as_ref()) {
                    actual = Marked::actual_text(&dict);
                }
            }
            Object::Dict(dict) => actual = Marked::actual_text(dict),
            _ => {}
        }
        self.marked.begin(shown, actual);
    }

    fn end_marked(&mut self) {
        if let Some(glyph) = self.marked.end() {
            self.content.glyph(glyph);
        }
    }

    fn x_object(&mut self, resources: &Resources<'a>, name: &Name<'_>) {
        let Some(stream) = resources.get_x_object(name) else { return };
        if !self.shared.layers.shows(stream.dict(), b"OC") {
            return;
        }
        if is_subtype(&stream, b"Image") {
            self.image();
        } else if is_subtype(&stream, b"Form") || stream.dict().contains_key("BBox") {
            self.form(&stream, resources);
        }
    }

    /// Runs a form: its own coordinates, clip and resources.
    pub(super) fn form(&mut self, stream: &Stream<'a>, outer: &Resources<'a>) {
        let id = stream.obj_id();
        if self.forms.len() >= MAX_FORMS || self.forms.contains(&id) {
            return;
        }
        let Ok(bytes) = stream.decoded_data() else { return };
        let dict = stream.dict();
        let resources = dict.get::<Dict<'_>>("Resources").map_or_else(|| outer.clone(), Resources::new);
        let state = self.state.clone();
        let (text, path) = (self.text, std::mem::take(&mut self.path));
        self.state.ctm *=
            Affine::new(dict.get::<[f64; 6]>("Matrix").unwrap_or([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]));
        if let Some([x0, y0, x1, y1]) = dict.get::<[f64; 4]>("BBox") {
            let shown = self.state.ctm.transform_rect_bbox(Rect::new(x0, y0, x1, y1).abs());
            self.state.clip = self.state.clip.intersect(shown);
        }
        self.forms.push(id);
        self.run(&bytes, &resources);
        self.forms.pop();
        self.state = state;
        (self.text, self.path) = (text, path);
    }

    /// Runs something with a changed transform, as annotations need it.
    pub(super) fn within(&mut self, transform: Affine, run: impl FnOnce(&mut Self)) {
        let state = self.state.clone();
        self.state.ctm *= transform;
        run(self);
        self.state = state;
    }

    pub(super) fn shows(&self, dict: &Dict<'_>) -> bool {
        self.shared.layers.shows(dict, b"OC")
    }

    fn image(&mut self) {
        let shown =
            self.state.ctm.transform_rect_bbox(Rect::new(0.0, 0.0, 1.0, 1.0)).intersect(self.state.clip);
        if self.marked.shown() && shown.is_finite() && shown.width() > 0.0 && shown.height() > 0.0 {
            self.content.image(shown);
        }
    }
}
