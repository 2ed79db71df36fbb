"""A mixin for widgets whose component styles are looked up when something is drawn in them."""

from typing import TYPE_CHECKING

from textual.css.styles import RenderStyles
from textual.dom import DOMNode

if TYPE_CHECKING:
    from textual.widget import Widget as _Widget
else:
    _Widget = object  # Textual takes the CSS types of a widget from its first base alone


class LateStyles(_Widget):
    """Looks up the style of a component class when something is first drawn in it.

    Textual looks up all of them for each widget, at its start and whenever its own style changes, drawn or not.
    """

    def get_component_styles(self, *names: str) -> RenderStyles:
        """Return the style of component classes."""
        known: frozenset[str] = super()._get_component_classes()
        for name in known.intersection(names):
            self.component_style(name)
        return super().get_component_styles(*names)

    def component_style(self, name: str) -> RenderStyles:
        """Return the style of one component class, to read only."""
        if name not in self._component_styles:
            component = DOMNode(classes=name)
            component._attach(self)
            self.app.stylesheet.apply(component)
            self._component_styles[name] = component.styles
        return self._component_styles[name]

    def notify_style_update(self) -> None:
        """Forget them: with the style of the widget, theirs may have changed."""
        super().notify_style_update()
        if self._component_styles:
            self._component_styles.clear()
            self.refresh()

    @classmethod
    def _get_component_classes(cls) -> frozenset[str]:  # type: ignore[override]
        return frozenset()
