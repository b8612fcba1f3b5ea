"""`python -m prism_stack.admin`: prism-admin where its command is not installed."""

from prism_stack.admin.main import main

if __name__ == "__main__":
    main()
