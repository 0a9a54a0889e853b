namespace OpenVdi.Conformance;

/// <summary>The classes over the twin: one after another, beside those over shared memory.</summary>
[CollectionDefinition(Name)]
public sealed class InProcessCollection
{
    public const string Name = "in process";
}

/// <summary>The classes over shared memory: one after another, so that what is left behind can be told whose it is.</summary>
[CollectionDefinition(Name)]
public sealed class SharedMemoryCollection
{
    public const string Name = "shared memory";
}
