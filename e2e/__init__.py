"""The oracle: stories, observer, provider and figures. Speaks HTTP and DOM, imports no app code."""
