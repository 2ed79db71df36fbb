"""A dialog that asks something at its end."""

from textual.containers import VerticalScroll


class AskingDialog(VerticalScroll, can_focus=False):
    """Keeps its end in sight, which says what can be pressed. Where not all of it has room, the margins go first; then
    it scrolls, with the arrow keys too, and what comes first is out of sight until then.
    """

    def __init__(self) -> None:
        super().__init__(classes="dialog")

    def on_mount(self) -> None:
        """Follow what is in it, and the terminal."""
        self.watch(self, "virtual_size", self._look_after, init=False)

    def on_resize(self) -> None:
        """Follow the terminal."""
        self._look_after()

    def _look_after(self) -> None:
        self.call_after_refresh(self._keep_end_in_sight)

    def _keep_end_in_sight(self) -> None:
        overflows = self.max_scroll_y > 0
        if overflows and not self.has_class("-dense"):
            self.add_class("-dense")
            self._look_after()
            return
        self.can_focus = overflows
        if overflows:
            self.focus(scroll_visible=False)
            self.scroll_end(animate=False, immediate=True)
