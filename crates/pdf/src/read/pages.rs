//! The pages of a document, by walking its page tree. Ours rather than the library's, since a page may be listed
//! twice, and since boxes and user units are wanted raw.

use hayro_syntax::Pdf;
use hayro_syntax::object::{Array, Dict, MaybeRef, Name, Object, ObjectIdentifier, dict_or_stream};
use kurbo::Rect;

use super::geometry::Frame;
use crate::types::Page;

/// How deep a page tree may nest; real ones stay below ten.
const MAX_DEPTH: usize = 512;

/// The pages in order.
pub(crate) struct PageTree<'a> {
    pub(crate) pages: Vec<PageNode<'a>>,
    /// What was broken in the tree, if anything.
    pub(crate) repair: Option<String>,
}

/// One page with what it inherits.
pub(crate) struct PageNode<'a> {
    pub(crate) dict: Dict<'a>,
    pub(crate) resources: Dict<'a>,
    pub(crate) frame: Frame,
}

/// What a node hands down to its children.
#[derive(Clone, Default)]
struct Inherited<'a> {
    mediabox: Option<Rect>,
    cropbox: Option<Rect>,
    rotate: Option<f64>,
    resources: Option<Dict<'a>>,
}

impl<'a> Inherited<'a> {
    fn with(&self, dict: &Dict<'a>) -> Self {
        Self {
            mediabox: rect(dict, "MediaBox").or(self.mediabox),
            cropbox: rect(dict, "CropBox").or(self.cropbox),
            rotate: dict.get::<f64>("Rotate").or(self.rotate),
            resources: dict.get::<Dict<'_>>("Resources").or_else(|| self.resources.clone()),
        }
    }
}

/// A node on the way from the root, so that a loop is seen.
struct Step<'a> {
    id: Option<ObjectIdentifier>,
    kids: std::vec::IntoIter<MaybeRef<Object<'a>>>,
    inherited: Inherited<'a>,
}

impl<'a> PageTree<'a> {
    /// All pages, or the reason why there are none or too many.
    pub(crate) fn walk(pdf: &'a Pdf, max_pages: u32) -> Result<Self, String> {
        let max = usize::try_from(max_pages).unwrap_or(usize::MAX);
        let mut walk = Walk { pdf, max, pages: Vec::new(), broken: None };
        let catalog = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id()).unwrap_or_default();
        let root = catalog.get::<Dict<'_>>("Pages");
        match &root {
            Some(root) => walk.tree(root)?,
            None => walk.broken = Some("the page tree is missing"),
        }
        if walk.pages.is_empty() && walk.broken.is_some() {
            walk.all_objects()?;
        }
        if walk.pages.is_empty() {
            return Err("the document has no pages".into());
        }
        Ok(Self { pages: walk.pages, repair: walk.broken.map(Into::into) })
    }
}

struct Walk<'a> {
    pdf: &'a Pdf,
    max: usize,
    pages: Vec<PageNode<'a>>,
    broken: Option<&'static str>,
}

impl<'a> Walk<'a> {
    fn tree(&mut self, root: &Dict<'a>) -> Result<(), String> {
        let mut path = vec![self.step(root, &Inherited::default())];
        while let Some(step) = path.last_mut() {
            let Some(kid) = step.kids.next() else {
                path.pop();
                continue;
            };
            let inherited = step.inherited.clone();
            let Some(dict) = self.resolve(kid) else {
                self.broken = Some("the page tree lists objects that are missing");
                continue;
            };
            if !is_tree(&dict) {
                self.page(dict, &inherited)?;
            } else if dict.obj_id().is_some() && path.iter().any(|step| step.id == dict.obj_id()) {
                self.broken = Some("the page tree contains itself");
            } else if path.len() >= MAX_DEPTH {
                self.broken = Some("the page tree nests too deep");
            } else {
                path.push(self.step(&dict, &inherited));
            }
        }
        Ok(())
    }

    fn step(&mut self, dict: &Dict<'a>, inherited: &Inherited<'a>) -> Step<'a> {
        let kids = dict.get::<Array<'_>>("Kids");
        if kids.is_none() {
            self.broken = Some("a branch of the page tree has no list of pages");
        }
        let kids: Vec<_> = kids.unwrap_or_default().raw_iter().take(self.max.saturating_add(1)).collect();
        Step { id: dict.obj_id(), kids: kids.into_iter(), inherited: inherited.with(dict) }
    }

    fn resolve(&self, kid: MaybeRef<Object<'a>>) -> Option<Dict<'a>> {
        match kid {
            MaybeRef::Ref(id) => self.pdf.xref().get::<Dict<'_>>(id.into()),
            MaybeRef::NotRef(object) => dict_or_stream(&object).map(|(dict, _)| dict.clone()),
        }
    }

    fn page(&mut self, dict: Dict<'a>, inherited: &Inherited<'a>) -> Result<(), String> {
        if self.pages.len() == self.max {
            return Err(format!("the document has more than {} pages, which is the limit", self.max));
        }
        let own = inherited.with(&dict);
        let frame = Frame::new(
            own.mediabox,
            own.cropbox,
            own.rotate.unwrap_or_default(),
            dict.get::<f64>("UserUnit"),
        );
        self.pages.push(PageNode { dict, resources: own.resources.unwrap_or_default(), frame });
        Ok(())
    }

    /// The last resort: every object that says it is a page, in the order of their numbers.
    fn all_objects(&mut self) -> Result<(), String> {
        let pages = self.pdf.objects().into_iter().filter_map(|object| match object {
            Object::Dict(dict) if is_type(&dict, b"Page") => Some(dict),
            _ => None,
        });
        let mut pages: Vec<_> = pages.collect();
        pages.sort_by_key(Dict::obj_id);
        pages.into_iter().try_for_each(|dict| self.page(dict, &Inherited::default()))
    }
}

impl PageNode<'_> {
    /// The page in the words of the public interface.
    pub(crate) fn page(&self, page_number: u32) -> Page {
        let (width, height) = self.frame.size();
        let corners = |rect: Rect| [rect.x0, rect.y0, rect.x1, rect.y1];
        Page {
            page_number,
            width,
            height,
            rotation: self.frame.rotation,
            mediabox: corners(self.frame.mediabox),
            cropbox: corners(self.frame.cropbox),
            user_unit: self.frame.user_unit,
        }
    }
}

/// A branch says so, or has kids and does not say it is a page.
fn is_tree(dict: &Dict<'_>) -> bool {
    is_type(dict, b"Pages") || (dict.contains_key("Kids") && !is_type(dict, b"Page"))
}

fn is_type(dict: &Dict<'_>, name: &[u8]) -> bool {
    dict.get::<Name<'_>>("Type").is_some_and(|found| found.as_ref() == name)
}

fn rect(dict: &Dict<'_>, key: &str) -> Option<Rect> {
    let [x0, y0, x1, y1] = dict.get::<[f64; 4]>(key)?;
    Some(Rect::new(x0, y0, x1, y1))
}
