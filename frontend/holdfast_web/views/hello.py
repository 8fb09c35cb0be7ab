"""Stands in for the real views until they are here."""

from wybthon import component, create_signal, html


@component
def Hello():
    count, set_count = create_signal(0)

    def more():
        set_count(lambda n: n + 1)

    return html(t"""
      <section>
        <button onclick={more}>Clicked {count()} times</button>
        <div class="body" data-body="hello" data-format="markdown"></div>
      </section>
    """)
