"""Stands for every contact point: answers in each kind's own protocol and writes down what came."""
