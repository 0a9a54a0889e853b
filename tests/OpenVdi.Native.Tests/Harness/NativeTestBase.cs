using OpenVdi.SharedMemory;
using OpenVdi.Testing;

namespace OpenVdi.Native.Tests;

/// <summary>What a test of C++ programs makes is given up when the test ends; nothing of its sets may be left.</summary>
public abstract class NativeTestBase(Compiler compiler) : IClassFixture<Compiler>, IDisposable
{
    private readonly Stack<IDisposable> _owned = new();
    private readonly List<string> _names = [];

    /// <summary>Compiles this class's programs, each once.</summary>
    protected Compiler Compiler { get; } = compiler;

    /// <summary>What is left of sets of this test, by name.</summary>
    protected IReadOnlyList<string> Leftovers =>
        [.. _names.Select(new Rendezvous("/dev/shm").PathOf).SelectMany(path => new[] { path, path + ".lock" }).Where(Path.Exists)];

    /// <summary>Gives up all, and looks.</summary>
    public void Dispose()
    {
        while (_owned.TryPop(out IDisposable? owned))
        {
            owned.Dispose();
        }

        // What a killed client leaves goes with the next set of anybody, or a sweep.
        SharedMemoryTransport.Default.Sweep();
        Assert.Empty(Leftovers);
        GC.SuppressFinalize(this);
    }

    /// <summary>Fails when a name of this test's sets is there now.</summary>
    protected void AssertNoLeftovers() => Assert.Empty(Leftovers);

    /// <summary>A set's name that nobody else has.</summary>
    protected string NewName()
    {
        string name = Guid.NewGuid().ToString("D");
        _names.Add(name);
        return name;
    }

    /// <summary>An engine's half, in this process.</summary>
    protected ScriptedServer NewServer() => Own(new ScriptedServer(SharedMemoryTransport.Default));

    /// <summary>Gives an object up when the test ends.</summary>
    protected T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }

    /// <summary>A backup program in the hands of the test.</summary>
    internal CallingClient NewClient(params (string Name, string Value)[] environment) => Own(new CallingClient(Compiler, environment));

    /// <summary>Starts a program of <c>Programs</c>.</summary>
    internal NativeProgram Start(string program, params string[] arguments) =>
        Own(NativeProgram.Start(Compiler.Program(program), arguments));
}
