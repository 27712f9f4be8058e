/** Who may end another user's sessions, tokens and second factor. Never while acting as somebody, never upwards. */
