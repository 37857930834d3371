"""Why a request is refused: rules that it breaks, in words, and the one shape of errors."""
