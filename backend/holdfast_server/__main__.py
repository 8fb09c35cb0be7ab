"""`python -m holdfast_server` is `holdfast`."""

from holdfast_server.cli import main

if __name__ == "__main__":
    main()
