"""`python -m prism_stack.launcher`."""

from prism_stack.launcher.main import main

if __name__ == "__main__":
    main()
