"""Components: what `core.select` chose, as markup. They look nothing up and decide nothing.

The only code that knows wybthon, besides the composition in `browser/main.py`. Templates need
Python 3.14, so these modules run in the page and, under test, in Pyodide under node.
"""
