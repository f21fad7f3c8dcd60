"""Values → text: the classic tools' output, and findings for people. Pure."""
