namespace OpenVdi.Tests.Diagnostics;

/// <summary>Tests that count what the whole process reports: nothing else may run meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
#pragma warning disable CA1711 // xunit's word.
public sealed class AloneCollection
#pragma warning restore CA1711
{
    public const string Name = "alone";
}
