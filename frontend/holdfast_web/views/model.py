"""Which model is asked next, where there is a choice."""

from wybthon import For, Show, component, html

from holdfast_web.views.screen import Screen


def chooser(screen: Screen):
    """A quiet list beside the composer."""

    def choose(event):
        screen.actions.choose(event.target.value)

    def option(item, index):
        return html(t"<option value={item()}>{item()}</option>")

    def models():
        return screen.choice().models

    def choice():
        return html(t"""
          <select aria-label="Model" value={screen.choice().chosen} onchange={choose}>
            {For(models, option, keyed=lambda one: one)}
          </select>
        """)

    @component
    def Chooser():
        return html(t"<div>{Show(len(models()) > 1, choice)}</div>")

    return Chooser()
