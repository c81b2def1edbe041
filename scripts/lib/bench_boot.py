def run(arguments):
    raise SystemExit("not yet")
