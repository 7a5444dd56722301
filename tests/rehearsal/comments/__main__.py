"""`python -m tests.rehearsal.comments` writes the expected comments."""

from tests.rehearsal.comments import main

if __name__ == "__main__":
    main()
