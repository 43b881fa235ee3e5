"""The reference: pages made from the code that they are about, so that nothing is missing and nothing is left over."""
